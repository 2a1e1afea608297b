# twinwire_catch: Catch2 with its main program, which is compiled once for all test programs, and as fast as can be:
# it takes longer than most tests.
find_package(Catch2 REQUIRED)

add_library(twinwire_catch STATIC EXCLUDE_FROM_ALL "${CMAKE_CURRENT_LIST_DIR}/catch_main.cpp")
target_compile_features(twinwire_catch PUBLIC cxx_std_20)
target_compile_options(twinwire_catch PRIVATE -O0 -g0)
if(TWINWIRE_SANITIZE)
  target_compile_options(twinwire_catch PRIVATE -fno-sanitize=all)
endif()
target_link_libraries(twinwire_catch PUBLIC Catch2::Catch2)
