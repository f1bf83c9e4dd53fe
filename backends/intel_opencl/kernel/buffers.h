// The memory ports as arguments of a kernel: as memory.h has them, and where their buffers lie.
#ifndef OVERLAY_BUFFERS_H
#define OVERLAY_BUFFERS_H

#include "memory.h"

// Boards whose memories have names: config.mk passes BANK_0, BANK_1, .. to aoc. On other boards the host chooses the
// bank of every buffer.
#ifdef BANK_0
#define QUOTED(name) #name
#define QUOTED_VALUE(name) QUOTED(name)
#define LOCATION(i) __attribute__((buffer_location(QUOTED_VALUE(BANK_##i))))
#else
#define LOCATION(i)
#endif

#define READ_BUFFER(i) LOCATION(i) READ_ARGUMENT(i)
#define WRITE_BUFFER(i) LOCATION(i) WRITE_ARGUMENT(i)
#define READ_BUFFERS EACH_PORT_OF(OVERLAY_PORTS, READ_BUFFER)
#define WRITE_BUFFERS EACH_PORT_OF(OVERLAY_PORTS, WRITE_BUFFER)

#endif
