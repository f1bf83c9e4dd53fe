// Transfers between memory and the engines: words of PORTS beats, and runs that are cut into pieces of any size.
#ifndef OVERLAY_MEMORY_H
#define OVERLAY_MEMORY_H

#include "language.h"
#include "records.h"

// One beat of a memory port.
typedef struct {
    uint8_t byte[PORT_BYTES];
} beat_t;

// One memory word: a beat of every port.
typedef struct {
    uint8_t byte[WORD_BYTES];
} word_t;

// What an engine counted.
typedef struct {
    uint64_t cycles;
    uint64_t port_bytes[PORTS];
} count_t;

// Port arguments of a function and how to pass them on. Byte address a lies in beat a / PORT_BYTES; beat i lies in
// port i % PORTS, so that a word of a contiguous run uses all ports.
#define EACH_PORT_1(X) X(0)
#define EACH_PORT_2(X) EACH_PORT_1(X), X(1)
#define EACH_PORT_3(X) EACH_PORT_2(X), X(2)
#define EACH_PORT_4(X) EACH_PORT_3(X), X(3)
#define EACH_PORT_5(X) EACH_PORT_4(X), X(4)
#define EACH_PORT_6(X) EACH_PORT_5(X), X(5)
#define EACH_PORT_7(X) EACH_PORT_6(X), X(6)
#define EACH_PORT_8(X) EACH_PORT_7(X), X(7)
#define JOIN_NAMES(a, b) a##b
#define EACH_PORT_OF(count, X) JOIN_NAMES(EACH_PORT_, count)(X)
#define READ_ARGUMENT(i) GLOBAL_READ beat_t *read##i
#define READ_PASS(i) read##i
#define WRITE_ARGUMENT(i) GLOBAL beat_t *write##i
#define WRITE_PASS(i) write##i
#define READ_PORTS EACH_PORT_OF(OVERLAY_PORTS, READ_ARGUMENT)
#define PASS_READ EACH_PORT_OF(OVERLAY_PORTS, READ_PASS)
#define WRITE_PORTS EACH_PORT_OF(OVERLAY_PORTS, WRITE_ARGUMENT)
#define PASS_WRITE EACH_PORT_OF(OVERLAY_PORTS, WRITE_PASS)

// Which of the `beats` beats from `first` on port `port` holds; PORTS or more if none.
INLINE int slot_of(uint64_t first, int port) {
    INLINED
    return (port + PORTS - (int)(first % PORTS)) % PORTS;
}

#define READ_BEAT(i)                                                                      \
    if (slot_of(first, i) < beats) {                                                      \
        lane[slot_of(first, i)] = read##i[(first + (uint64_t)slot_of(first, i)) / PORTS]; \
        count->port_bytes[i] += PORT_BYTES;                                               \
    }
#define WRITE_BEAT(i)                                                                      \
    if (slot_of(first, i) < beats) {                                                       \
        write##i[(first + (uint64_t)slot_of(first, i)) / PORTS] = lane[slot_of(first, i)]; \
        count->port_bytes[i] += PORT_BYTES;                                                \
    }

// Up to PORTS consecutive beats, one per port. Beats that are not asked for are zero.
INLINE word_t read_word(READ_PORTS, uint64_t first, int beats, count_t *count) {
    INLINED
    beat_t lane[PORTS] = ZERO;
    HLS_PRAGMA(HLS array_partition variable = lane complete)
    READ_BEAT(0)
#if OVERLAY_PORTS > 1
    READ_BEAT(1)
#endif
#if OVERLAY_PORTS > 2
    READ_BEAT(2)
#endif
#if OVERLAY_PORTS > 3
    READ_BEAT(3)
#endif
#if OVERLAY_PORTS > 4
    READ_BEAT(4)
#endif
#if OVERLAY_PORTS > 5
    READ_BEAT(5)
#endif
#if OVERLAY_PORTS > 6
    READ_BEAT(6)
#endif
#if OVERLAY_PORTS > 7
    READ_BEAT(7)
#endif
    word_t word;
join_beats:
    UNROLLED
    for (int i = 0; i < WORD_BYTES; ++i) {
        UNROLL_THIS
        word.byte[i] = lane[i / PORT_BYTES].byte[i % PORT_BYTES];
    }
    return word;
}

INLINE void write_word(WRITE_PORTS, uint64_t first, int beats, const word_t *word, count_t *count) {
    INLINED
    beat_t lane[PORTS];
    HLS_PRAGMA(HLS array_partition variable = lane complete)
split_beats:
    UNROLLED
    for (int i = 0; i < WORD_BYTES; ++i) {
        UNROLL_THIS
        lane[i / PORT_BYTES].byte[i % PORT_BYTES] = word->byte[i];
    }
    WRITE_BEAT(0)
#if OVERLAY_PORTS > 1
    WRITE_BEAT(1)
#endif
#if OVERLAY_PORTS > 2
    WRITE_BEAT(2)
#endif
#if OVERLAY_PORTS > 3
    WRITE_BEAT(3)
#endif
#if OVERLAY_PORTS > 4
    WRITE_BEAT(4)
#endif
#if OVERLAY_PORTS > 5
    WRITE_BEAT(5)
#endif
#if OVERLAY_PORTS > 6
    WRITE_BEAT(6)
#endif
#if OVERLAY_PORTS > 7
    WRITE_BEAT(7)
#endif
}

// A run being read: words come in, pieces of 1..WORD_BYTES bytes go out. `window` is a register of two words.
typedef struct {
    uint64_t beat;   // next beat to read
    uint64_t beats;  // beats of the run that are still in memory
    int held;        // bytes in the window
    uint8_t window[2 * WORD_BYTES];
} reader_t;

INLINE reader_t open_run(uint64_t address, uint64_t bytes) {
    INLINED
    reader_t r = ZERO;
    r.beat = address / PORT_BYTES;
    r.beats = bytes / PORT_BYTES;
    return r;
}

INLINE word_t take(READ_PORTS, reader_t *r, int bytes, count_t *count) {
    INLINED
    if (r->held < bytes) {
        const int beats = r->beats < PORTS ? (int)r->beats : PORTS;
        const word_t word = read_word(PASS_READ, r->beat, beats, count);
    append:
        UNROLLED
        for (int i = 0; i < 2 * WORD_BYTES; ++i) {
            UNROLL_THIS
            if (i >= r->held && i < r->held + WORD_BYTES) r->window[i] = word.byte[i - r->held];
        }
        r->beat += (uint64_t)beats;
        r->beats -= (uint64_t)beats;
        r->held += beats * PORT_BYTES;
    }
    word_t piece;
pick:
    UNROLLED
    for (int i = 0; i < WORD_BYTES; ++i) {
        UNROLL_THIS
        piece.byte[i] = r->window[i];
    }
advance:
    UNROLLED
    for (int i = 0; i < 2 * WORD_BYTES; ++i) {
        UNROLL_THIS
        r->window[i] = i + bytes < 2 * WORD_BYTES ? r->window[i + bytes] : (uint8_t)0;
    }
    r->held -= bytes;
    return piece;
}

// A run being written: pieces come in, words go out.
typedef struct {
    uint64_t beat;
    int held;
    uint8_t window[2 * WORD_BYTES];
} writer_t;

INLINE writer_t begin_run(uint64_t address) {
    INLINED
    writer_t w = ZERO;
    w.beat = address / PORT_BYTES;
    return w;
}

// Writes the first word of the window, `beats` beats of it.
INLINE void put_word(WRITE_PORTS, writer_t *w, int beats, count_t *count) {
    INLINED
    word_t word;
pick:
    UNROLLED
    for (int i = 0; i < WORD_BYTES; ++i) {
        UNROLL_THIS
        word.byte[i] = w->window[i];
        w->window[i] = w->window[i + WORD_BYTES];
    }
    write_word(PASS_WRITE, w->beat, beats, &word, count);
    w->beat += (uint64_t)beats;
    w->held -= beats * PORT_BYTES;
}

INLINE void append(WRITE_PORTS, writer_t *w, const word_t *piece, int bytes, count_t *count) {
    INLINED
place:
    UNROLLED
    for (int i = 0; i < 2 * WORD_BYTES; ++i) {
        UNROLL_THIS
        if (i >= w->held && i < w->held + bytes) w->window[i] = piece->byte[i - w->held];
    }
    w->held += bytes;
    if (w->held >= WORD_BYTES) put_word(PASS_WRITE, w, PORTS, count);
}

// The rest of a run, whose length is a multiple of 64 bytes and so of a beat.
INLINE void end_run(WRITE_PORTS, writer_t *w, count_t *count) {
    INLINED
    if (w->held > 0) put_word(PASS_WRITE, w, w->held / PORT_BYTES, count);
}

#endif
