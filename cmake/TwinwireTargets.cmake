# How the targets of this project are made: one function for libraries, one for programs.

if(PROJECT_IS_TOP_LEVEL)
  if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
    set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
  endif()
  find_program(CCACHE ccache)
  if(CCACHE)
    set(CMAKE_C_COMPILER_LAUNCHER "${CCACHE}")
    set(CMAKE_CXX_COMPILER_LAUNCHER "${CCACHE}")
  endif()
  set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
endif()

# Whoever adds this project with add_subdirectory links what our targets link.
set(CMAKE_FIND_PACKAGE_TARGETS_GLOBAL ON)
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED)

include(GNUInstallDirs)

# In the build tree a folder of links gives headers the paths that they have once installed.
set(TWINWIRE_INCLUDE "${PROJECT_BINARY_DIR}/include")
file(MAKE_DIRECTORY "${TWINWIRE_INCLUDE}/twinwire")
foreach(part net sim real traces)
  file(CREATE_LINK "${PROJECT_SOURCE_DIR}/${part}" "${TWINWIRE_INCLUDE}/twinwire/${part}" SYMBOLIC)
endforeach()

# Flags for our own sources only: users are not bound by them.
add_library(twinwire_flags INTERFACE)
target_compile_options(twinwire_flags INTERFACE -Wall -Wextra -Wpedantic)
if(PROJECT_IS_TOP_LEVEL)
  target_compile_options(twinwire_flags INTERFACE -Werror)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 warns inside its own headers about code that it has inlined.
  target_compile_options(twinwire_flags INTERFACE -Wno-maybe-uninitialized -Wno-stringop-overflow
                         -Wno-array-bounds -Wno-restrict -Wno-mismatched-new-delete)
  # Where files are compiled together, it takes what one of them keeps to itself for something that others see.
  if(CMAKE_UNITY_BUILD)
    target_compile_options(twinwire_flags INTERFACE -Wno-subobject-linkage)
  endif()
elseif(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # The stable_sort of libstdc++ 12 uses what libstdc++ 12 deprecates.
  target_compile_options(twinwire_flags INTERFACE -Wno-deprecated-declarations)
endif()

if(TWINWIRE_SANITIZE)
  add_compile_options(-fsanitize=${TWINWIRE_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${TWINWIRE_SANITIZE})
  if(TWINWIRE_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize-recover=undefined)
  endif()
endif()

# twinwire_library(part SOURCES ... DEPENDS ...): libtwinwire_part as twinwire::part.
function(twinwire_library part)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;PRIVATE" ${ARGN})
  set(target twinwire_${part})
  add_library(${target} STATIC ${ARG_SOURCES})
  add_library(twinwire::${part} ALIAS ${target})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${part} POSITION_INDEPENDENT_CODE ON)
  target_compile_features(${target} PUBLIC cxx_std_20)
  target_include_directories(${target} PUBLIC $<BUILD_INTERFACE:${TWINWIRE_INCLUDE}>
                                              $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_link_libraries(${target} PUBLIC ${ARG_DEPENDS}
                        PRIVATE $<BUILD_INTERFACE:twinwire_flags> ${ARG_PRIVATE})
  set_property(GLOBAL APPEND PROPERTY TWINWIRE_LIBRARIES ${target})
endfunction()

# twinwire_program(name SOURCES ... DEPENDS ...): an executable that is not installed. With sanitizers, what is
# particular to it compiles in half the time when it is not optimised; the libraries are.
function(twinwire_program name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  if(TWINWIRE_SANITIZE)
    target_compile_options(${name} PRIVATE -O0)
  endif()
  target_link_libraries(${name} PRIVATE ${ARG_DEPENDS} twinwire_flags)
endfunction()
