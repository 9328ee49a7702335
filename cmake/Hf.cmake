# Hf.cmake -- the words this build speaks: hf_warnings, hf_room, hf_plugin, hf_test, hf_lint.
if(HF_SANITIZE)
    add_compile_options(-fsanitize=${HF_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    add_link_options(-fsanitize=${HF_SANITIZE})
endif()

function(hf_warnings target)
    set(both -Wall -Wextra -Wconversion -Wsign-conversion -Wshadow -Wstrict-prototypes
        -Wmissing-prototypes -Wold-style-definition -Wcast-qual -Wcast-align -Wwrite-strings
        -Wpointer-arith -Wundef -Wvla -Walloca -Wformat=2 -Wimplicit-fallthrough -Wswitch-enum
        -Wdouble-promotion -Wnull-dereference)
    set(gcc -Wlogical-op -Wduplicated-cond -Wduplicated-branches -Wjump-misses-init -Wtrampolines
        -Wformat-signedness -Warith-conversion)
    set(clang -Wmissing-variable-declarations -Wcomma -Wassign-enum -Wconditional-uninitialized
        -Wloop-analysis -Wunreachable-code -Wunused-macros -Wthread-safety)
    target_compile_options(${target} PRIVATE -pedantic ${both}
        $<$<C_COMPILER_ID:GNU>:${gcc}> $<$<C_COMPILER_ID:Clang>:${clang}>
        $<$<BOOL:${HF_WERROR}>:-Werror>)
endfunction()

# hf_room(NAME hfi_value SOURCES a.c … LIBS hfi_base …): one room, one static library of the very
# objects that the shared library, the programs and the tests are linked from.
function(hf_room)
    cmake_parse_arguments(R "" "NAME" "SOURCES;LIBS" ${ARGN})
    add_library(${R_NAME} STATIC ${R_SOURCES})
    target_include_directories(${R_NAME} PUBLIC ${PROJECT_SOURCE_DIR}/sdk/include
        ${PROJECT_SOURCE_DIR}/sdk ${PROJECT_SOURCE_DIR}/core)
    target_link_libraries(${R_NAME} PUBLIC ${R_LIBS})
    hf_warnings(${R_NAME})
endfunction()

# One plugin = one folder = one call. A plugin sees sdk/include and plugins/common and nothing else of ours.
function(hf_plugin name)
    add_library(${name} MODULE ${ARGN})
    set_target_properties(${name} PROPERTIES PREFIX "" C_VISIBILITY_PRESET hidden
        LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/plugins)
    target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/sdk/include
        ${PROJECT_SOURCE_DIR}/plugins)
    hf_warnings(${name})
    if(CMAKE_CURRENT_SOURCE_DIR MATCHES "^${PROJECT_SOURCE_DIR}/plugins/") # shipped: Install.cmake installs it
        set_property(GLOBAL APPEND PROPERTY HF_SHIPPED_PLUGINS ${name})
    endif()
    if(HF_TESTS AND NOT HF_SANITIZE) # instrumentation exports symbols of its own
        add_test(NAME exports.${name} COMMAND sh ${PROJECT_SOURCE_DIR}/tests/lint/exports.sh
            $<TARGET_FILE:${name}> hf_plugin)
        add_test(NAME undefined.${name} COMMAND python3 ${PROJECT_SOURCE_DIR}/tests/lint/undefined.py
            ${PROJECT_SOURCE_DIR}/tests/lint/undefined-plugin.txt $<TARGET_FILE:${name}>)
        set_tests_properties(exports.${name} undefined.${name} PROPERTIES LABELS lint)
    endif()
endfunction()

# hf_test(NAME unit.object LABEL unit SOURCES a.c LIBS hfi_machine ARGS x TIMEOUT 10)
function(hf_test)
    cmake_parse_arguments(T "" "NAME;LABEL;TIMEOUT" "SOURCES;LIBS;ARGS" ${ARGN})
    if(NOT T_TIMEOUT)
        set(T_TIMEOUT 60)
    endif()
    add_executable(test.${T_NAME} ${T_SOURCES})
    target_include_directories(test.${T_NAME} PRIVATE ${PROJECT_SOURCE_DIR}/sdk/include
        ${PROJECT_SOURCE_DIR}/tests)
    target_link_libraries(test.${T_NAME} PRIVATE ${T_LIBS} PkgConfig::cmocka)
    hf_warnings(test.${T_NAME})
    add_test(NAME ${T_NAME} COMMAND test.${T_NAME} ${T_ARGS})
    set_tests_properties(${T_NAME} PROPERTIES LABELS ${T_LABEL} TIMEOUT ${T_TIMEOUT})
    if(HF_SANITIZE MATCHES thread) # a child that goes on after fork is what a test wants to see
        set_tests_properties(${T_NAME} PROPERTIES
            ENVIRONMENT "TSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/tests/tsan.supp:die_after_fork=0")
    endif()
endfunction()

function(hf_lint name)
    add_test(NAME lint.${name} COMMAND ${ARGN} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
    set_tests_properties(lint.${name} PROPERTIES LABELS lint)
endfunction()
