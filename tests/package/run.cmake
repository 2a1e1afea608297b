# cmake -D MODE=installed|subdirectory -D ... -P run.cmake: configures, builds and runs the consumer.
#   BUILD   the build folder of this project    SOURCE   its sources    WORK   a folder to work in
#   CXX, FLAGS, LAUNCHER   as this project is built

function(run)
  execute_process(COMMAND ${ARGV} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT status EQUAL 0)
    list(JOIN ARGV " " command)
    message(FATAL_ERROR "${command}\nended with ${status}:\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

cmake_host_system_information(RESULT cores QUERY NUMBER_OF_LOGICAL_CORES)
file(REMOVE_RECURSE "${WORK}")
set(options -G Ninja "-DCMAKE_CXX_COMPILER=${CXX}" "-DCMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER}")

if(MODE STREQUAL "installed")
  # Moved after it was installed: no path of the machine that built it may be in there.
  run("${CMAKE_COMMAND}" --install "${BUILD}" --prefix "${WORK}/first")
  file(RENAME "${WORK}/first" "${WORK}/prefix")
  file(GLOB_RECURSE package "${WORK}/prefix/*.cmake")
  foreach(file IN LISTS package)
    file(READ "${file}" text)
    foreach(leak "${BUILD}" "${SOURCE}" CLI11 xxhash Catch2 twinwire_flags)
      string(FIND "${text}" "${leak}" at)
      if(NOT at EQUAL -1)
        message(FATAL_ERROR "${file} mentions ${leak}")
      endif()
    endforeach()
  endforeach()
  list(APPEND options "-DCMAKE_PREFIX_PATH=${WORK}/prefix" "-DCMAKE_CXX_FLAGS=-O0 ${FLAGS}"
       "-DCMAKE_BUILD_TYPE=None")
else()
  # All libraries are compiled once more for this: as fast as can be.
  list(APPEND options "-DTWINWIRE_SOURCE=${SOURCE}" "-DCMAKE_CXX_FLAGS=-O0" "-DCMAKE_BUILD_TYPE=None"
       -DCMAKE_UNITY_BUILD=ON -DCMAKE_UNITY_BUILD_BATCH_SIZE=10)
endif()

run("${CMAKE_COMMAND}" -S "${SOURCE}/tests/package/consumer" -B "${WORK}/build" ${options})
run("${CMAKE_COMMAND}" --build "${WORK}/build" --parallel ${cores})
foreach(program simulated searching fenced secure real websocket no_timer)
  run("${WORK}/build/${program}")
  message(STATUS "${output}")
endforeach()
