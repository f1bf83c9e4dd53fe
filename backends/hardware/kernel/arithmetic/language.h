// What C++ (Vitis HLS, g++) and OpenCL C (Intel FPGA SDK for OpenCL) spell differently. The headers of this folder
// are written in what both read, so that the kernels of all vendors share them.
#ifndef OVERLAY_LANGUAGE_H
#define OVERLAY_LANGUAGE_H

#ifdef __OPENCL_VERSION__
typedef char int8_t;
typedef uchar uint8_t;
typedef short int16_t;
typedef ushort uint16_t;
typedef int int32_t;
typedef uint uint32_t;
typedef long int64_t;
typedef ulong uint64_t;

#define INLINE static inline __attribute__((always_inline))
#define TABLE constant  // address space of constant tables
#define ZERO {0}        // initialiser: every member 0
#define GLOBAL global   // address space of the device buffer
// The device buffer where it is read: another kernel writes it meanwhile, so that aoc must not keep words of it in a
// cache.
#ifdef OVERLAY_EMULATION
#define GLOBAL_READ global const
#else
#define GLOBAL_READ global const volatile
#endif
#define SCRATCH  // a large local array that keeps nothing from call to call
#else
#include <cstdint>

using std::int16_t;
using std::int32_t;
using std::int64_t;
using std::int8_t;
using std::uint16_t;
using std::uint32_t;
using std::uint64_t;

#define INLINE static inline
#define TABLE static const
// clang-format off
#define ZERO {}
// clang-format on
#define GLOBAL
#define GLOBAL_READ const
#ifdef __SYNTHESIS__
#define SCRATCH  // Vitis HLS takes no static arrays in a dataflow region
#else
#define SCRATCH static
#endif
#endif

// The function that takes most of the time of a simulation: by itself, g++ gives its loops all registers.
#if defined(__SYNTHESIS__) || defined(__OPENCL_VERSION__)
#define INNERMOST INLINE
#else
#define INNERMOST static __attribute__((noinline))
#endif

// A pragma of Vitis HLS in a macro; other compilers do not see it.
#ifdef __SYNTHESIS__
#define HLS_PRAGMA(text) _Pragma(#text)
#else
#define HLS_PRAGMA(text)
#endif
#define INLINED HLS_PRAGMA(HLS inline)  // this function is part of its caller
// A function that is called once for a block, or less often: hardware of its own, with one multiplier whatever it
// multiplies. The tool makes it of fabric (hls_config.cfg), for the device's multipliers are the array's and the lanes'.
#define SET_UP                 \
    HLS_PRAGMA(HLS inline off) \
    HLS_PRAGMA(HLS allocation operation instances = mul limit = 1)
// A loop whose iterations start cycle by cycle: its name in front of the pragma, at the head of its body. A simulation that
// checks ports (make csim-ports, ports.h) counts them.
#ifdef OVERLAY_CHECK_PORTS
#include "ports.h"
#define PIPELINED(loop) const ports::iteration_t iteration_of_##loop(#loop);
#else
#define PIPELINED(loop) HLS_PRAGMA(HLS pipeline II = 1)
#endif
// A number has no more bits than are counted with: checked where ports are.
#ifdef OVERLAY_CHECK_PORTS
#define CHECK_COUNT(number, bits) ports::require_bits(#number, number, bits);
#else
#define CHECK_COUNT(number, bits)
#endif

// The types of a memory as an argument, of who reads it and of who writes it: an array, or an object that checks its
// ports. `first`: the first dimension, [] where it does not matter. LOCAL: a memory of a function, which keeps nothing from
// call to call; what each of its dimensions is stands in ports.h.
#ifdef OVERLAY_CHECK_PORTS
#define MEMORY_TYPE(name, type, first, rest)            \
    typedef const ports::memory_t<type> &name##_read_t; \
    typedef ports::memory_t<type> &name##_write_t;
#define LOCAL_2(type, name, a, b, roles) static ports::memory_t<type> name(#name, {a, b}, roles, 2);
#define LOCAL_3(type, name, a, b, c, roles) static ports::memory_t<type> name(#name, {a, b, c}, roles, 2);
#define LOCAL_4(type, name, a, b, c, d, roles) static ports::memory_t<type> name(#name, {a, b, c, d}, roles, 2);
#else
#define MEMORY_TYPE(name, type, first, rest)     \
    typedef const type name##_read_t first rest; \
    typedef type name##_write_t first rest;
#define LOCAL_2(type, name, a, b, roles) SCRATCH type name[a][b];
#define LOCAL_3(type, name, a, b, c, roles) SCRATCH type name[a][b][c];
#define LOCAL_4(type, name, a, b, c, d, roles) SCRATCH type name[a][b][c][d];
#endif

#define TRIPS(least, most) HLS_PRAGMA(HLS loop_tripcount min = least max = most)

// Every iteration of the loop becomes hardware of its own. Vitis HLS wants to read it inside of the loop, aoc in
// front of it. In simulation and emulation the loop stays a loop, which the CPU's compiler turns into vector
// instructions.
#if defined(__SYNTHESIS__)
#define UNROLLED
#define UNROLL_THIS _Pragma("HLS unroll")
#elif defined(__OPENCL_VERSION__) && !defined(OVERLAY_EMULATION)
#define UNROLLED _Pragma("unroll")
#define UNROLL_THIS
#else
#define UNROLLED
#define UNROLL_THIS
#endif

#endif
