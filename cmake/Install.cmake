# Install.cmake -- what `cmake --install` puts where, and what a project outside finds: holdfastConfig.cmake with
# holdfast_add_plugin, and holdfast.pc. Nothing in it names the prefix, so that the tree may be moved.
include(CMakePackageConfigHelpers)
set(HF_PLUGIN_DIR ${CMAKE_INSTALL_LIBDIR}/holdfast/plugins)
set(HF_CMAKE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/holdfast)

install(DIRECTORY sdk/include/holdfast DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
install(DIRECTORY sdk/template DESTINATION ${CMAKE_INSTALL_DATADIR}/holdfast)
install(FILES LICENSE core/PROTOCOL.md DESTINATION ${CMAKE_INSTALL_DOCDIR})

# The shipped plugins: every hf_plugin under plugins/.
get_property(shipped GLOBAL PROPERTY HF_SHIPPED_PLUGINS)
install(TARGETS ${shipped} LIBRARY DESTINATION ${HF_PLUGIN_DIR})

if(TARGET holdfast_tool)
    install(TARGETS holdfast_tool RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()

# holdfast::plugin: what a plugin needs, the headers and nothing to link. holdfast::holdfast: the client library.
add_library(hf_plugin_headers INTERFACE)
set_target_properties(hf_plugin_headers PROPERTIES EXPORT_NAME plugin)
target_include_directories(hf_plugin_headers INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
install(TARGETS hf_plugin_headers EXPORT holdfastTargets)
if(TARGET holdfast)
    install(TARGETS holdfast EXPORT holdfastTargets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
        INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
endif()

# holdfast::testing: the machine that a type's own tests run on (holdfast/testing.h), all of it in one archive.
if(TARGET holdfast_testing)
    add_library(holdfast_testing_whole STATIC)
    foreach(room hfi_base hfi_value hfi_stream hfi_registry hfi_machine holdfast_testing)
        target_sources(holdfast_testing_whole PRIVATE $<TARGET_OBJECTS:${room}>)
    endforeach()
    set_target_properties(holdfast_testing_whole PROPERTIES OUTPUT_NAME holdfast-testing EXPORT_NAME testing
        LINKER_LANGUAGE C)
    target_link_libraries(holdfast_testing_whole INTERFACE sodium jansson m)
    install(TARGETS holdfast_testing_whole EXPORT holdfastTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
        INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
endif()
install(EXPORT holdfastTargets NAMESPACE holdfast:: DESTINATION ${HF_CMAKE_DIR})

configure_package_config_file(cmake/package/holdfastConfig.cmake.in ${PROJECT_BINARY_DIR}/holdfastConfig.cmake
    INSTALL_DESTINATION ${HF_CMAKE_DIR} PATH_VARS HF_PLUGIN_DIR)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/holdfastConfigVersion.cmake COMPATIBILITY SameMajorVersion)
install(FILES ${PROJECT_BINARY_DIR}/holdfastConfig.cmake ${PROJECT_BINARY_DIR}/holdfastConfigVersion.cmake
    DESTINATION ${HF_CMAKE_DIR})

file(RELATIVE_PATH HF_PREFIX_FROM_PC /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(cmake/package/holdfast.pc.in ${PROJECT_BINARY_DIR}/holdfast.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/holdfast.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
