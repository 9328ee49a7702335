# tree.cmake BUILD TREE -- installs what was built, into a fresh tree.
set(build ${CMAKE_ARGV3})
set(tree ${CMAKE_ARGV4})
file(REMOVE_RECURSE ${tree})
execute_process(COMMAND ${CMAKE_COMMAND} --install ${build} --prefix ${tree} COMMAND_ERROR_IS_FATAL ANY)
