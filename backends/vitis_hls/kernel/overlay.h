// The kernel's interface.
#ifndef OVERLAY_OVERLAY_H
#define OVERLAY_OVERLAY_H

#include "memory.h"
#include "records.h"

// Counters of a command: cycles of the array or vector unit, bytes read by each port, bytes written by each port.
const int COUNTERS = 1 + 2 * PORTS;

// Runs `command_count` commands of the program at byte 0 of the device buffer. The buffer is spread over the ports beat by
// beat (memory.h); read and write pointers of a port are the same memory.
extern "C" void overlay(READ_PORTS, WRITE_PORTS, std::uint64_t *counters, std::uint64_t commands_address,
                        int command_count);

// An interface pragma for every port.
#define PRAGMA(text) _Pragma(#text)

#endif
