// Streams of the kernel.
#ifndef OVERLAY_TYPES_H
#define OVERLAY_TYPES_H

#include "hls_stream.h"
#include "products.h"
#include "widths.h"

typedef bool token_t;

// A stream between two processes, of so many elements. TOKENS wait in it; where its reader keeps step with its writer
// (IN_STEP) a few registers decouple the two sides, and a simulation of one after the other holds more of them.
#ifdef OVERLAY_CHECK_PORTS
template <typename T> using stream_of = ports::stream_t<T>;
#define TOKENS(type, name, elements) static stream_of<type> name(#name, elements);
#define IN_STEP(type, name, elements) static stream_of<type> name(#name, 0);
#else
template <typename T> using stream_of = hls::stream<T>;
#define TOKENS(type, name, elements)    \
    static stream_of<type> name(#name); \
    HLS_PRAGMA(HLS stream variable = name depth = elements)
#define IN_STEP(type, name, elements) TOKENS(type, name, elements)
#endif

typedef stream_of<lanes_t> products_t;
typedef stream_of<operands_t> operands_stream_t;

// A simulation that checks ports is told whose port a memory's is: which block begins, and which of the processes that
// work on successive blocks at the same time goes on; inside of it, which of its stages.
#ifdef OVERLAY_CHECK_PORTS
#define BLOCK_BEGINS(index) ports::begin_block(index);
#define PROCESS(name) const ports::process_t process_of_##name(#name);
#else
#define BLOCK_BEGINS(index)
#define PROCESS(name)
#endif

// How vector.h hands out what is to be multiplied.
#define OPERANDS operands_stream_t &operands
#define PASS_OPERANDS operands
#define HAND_OUT(of_lanes) operands.write(of_lanes)

#endif
