# Language, warnings and sanitizers: the same for every target.
option(ASSAY_TESTS "build the test programs" ON)
option(ASSAY_FUZZ "build the libFuzzer targets (clang)" OFF)
option(ASSAY_WERROR "warnings are errors" ON)
set(ASSAY_SANITIZE "" CACHE STRING "comma list for -fsanitize=, such as address,undefined")

set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_CXX_STANDARD 17)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
    set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
endif()

set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O1 -g")      # asserts stay on in test builds
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O1 -g")
set(CMAKE_C_FLAGS_RELEASE "-O3 -g1 -DNDEBUG")
set(CMAKE_CXX_FLAGS_RELEASE "-O3 -g1 -DNDEBUG")
add_compile_definitions(_GNU_SOURCE ASSAY_VERSION="${PROJECT_VERSION}")
include_directories(${CMAKE_SOURCE_DIR})
add_compile_options(-Wall -Wextra -Wshadow -Wvla -fno-omit-frame-pointer -fno-math-errno
    $<$<C_COMPILER_ID:GNU>:-Wno-format-truncation> $<$<C_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>
    $<$<COMPILE_LANGUAGE:C>:-Wconversion> $<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes>
    $<$<COMPILE_LANGUAGE:C>:-Wmissing-prototypes>)
if(ASSAY_WERROR)
    add_compile_options(-Werror)
endif()
if(ASSAY_FUZZ) # the libraries too, so that the fuzzer sees their branches and an overflow ends it
    set(ASSAY_SANITIZE "address,undefined")
    add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(ASSAY_SANITIZE)
    add_compile_options(-fsanitize=${ASSAY_SANITIZE} -fno-sanitize-recover=all)
    add_link_options(-fsanitize=${ASSAY_SANITIZE})
    add_compile_definitions(ASSAY_SANITIZED=1)
else()
    add_compile_options(-fstack-protector-strong $<$<CONFIG:Release>:-D_FORTIFY_SOURCE=2>)
endif()
