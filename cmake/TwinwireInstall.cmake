# Installs the libraries, their headers, and the package that find_package(twinwire) finds.

include(CMakePackageConfigHelpers)

set(package_directory "${CMAKE_INSTALL_LIBDIR}/cmake/twinwire")

get_property(libraries GLOBAL PROPERTY TWINWIRE_LIBRARIES)
install(TARGETS ${libraries} EXPORT twinwireTargets ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(TARGETS twinwire_fence EXPORT twinwireTargets OBJECTS DESTINATION "${CMAKE_INSTALL_LIBDIR}/twinwire")
foreach(part net sim real traces)
  install(DIRECTORY "${PROJECT_SOURCE_DIR}/${part}/"
          DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/twinwire/${part}"
          FILES_MATCHING PATTERN "*.hpp" PATTERN "*.ipp")
endforeach()

install(EXPORT twinwireTargets NAMESPACE twinwire:: DESTINATION "${package_directory}")
configure_package_config_file(
  "${PROJECT_SOURCE_DIR}/cmake/twinwireConfig.cmake.in" "${PROJECT_BINARY_DIR}/twinwireConfig.cmake"
  INSTALL_DESTINATION "${package_directory}" NO_SET_AND_CHECK_MACRO)
# Before 1.0 a new minor version may change anything.
write_basic_package_version_file("${PROJECT_BINARY_DIR}/twinwireConfigVersion.cmake"
                                 COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/twinwireConfig.cmake" "${PROJECT_BINARY_DIR}/twinwireConfigVersion.cmake"
        DESTINATION "${package_directory}")
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DOCDIR}")
