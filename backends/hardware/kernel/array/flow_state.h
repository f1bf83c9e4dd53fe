// What enters the array in a cycle, where the sums go, and a block of a convolution on its way (docs/overlay.md, section
// 4). flow.h makes the cycles, array.h takes them.
#ifndef OVERLAY_FLOW_STATE_H
#define OVERLAY_FLOW_STATE_H

#include "sums.h"

// What travels with an operand along a row: NS: FIRST value of a tile, LAST value, SHIFT the column's results down;
// WS, IS: SWAP the operand that stays for the one that was loaded behind it.
enum { TAG_FIRST = 1, TAG_LAST = 2, TAG_SHIFT = 4, TAG_SWAP = 8 };

// What enters the array in one cycle, before the skew. `load` is the operand that will stay: for WS pairs at the top
// for row `load_index`; for IS values at the left for the product column `load_index` (-1: nothing is loaded).
typedef struct {
    value_t left[ARRAY_ROWS];
    pair_t top[ARRAY_COLUMNS];
    value_t load[ARRAY_ROWS];
    int tag;
    int load_index;
} entry_t;

// Where the sums that leave the columns in one cycle go. It enters at column 0 and moves right with the sums.
typedef struct {
    bool valid;
    bool own;        // IS: each product column has a row of its own, see column_t
    bool fresh;      // the sum replaces what the accumulator holds
    int row, count;  // accumulator row; product columns that count
} target_t;

// IS: where a product column's sums go, relative to the output channel's first row. It comes with the position that
// will stay in the column, and behaves like one more row of PEs: caught when the position passes, used after the
// swap.
typedef struct {
    bool valid, fresh;
    int row;
} column_t;

// How the array works during a block.
typedef struct {
    bool sums_stay;    // NS
    bool inputs_stay;  // IS
    bool single;       // WS: one Winograd product per PE
} usage_t;

typedef struct {
    bool moves;    // the array takes a step; if not, only row buffers are filled
    bool counts;   // the cycle is one of the plan's: neither fill nor drain
    bool loading;  // operands that will stay are on their way through the array
    entry_t entry;
    column_t arrival;
    target_t target;  // NS: of the sums that leave column 0 now; WS, IS: P1 - 1 cycles from now
    int drain[2];     // NS: rows above these of a column hold results that move down; below 0: none
} cycle_t;

// NS: tiles of P1 positions, one behind the other; while one computes, the next is fed into the other half of the row
// buffers.
typedef struct {
    int row, first;  // what is fed next: the first unit of a word of a segment
    part_t segment;
    int tap, unit, position;  // the word's place in its segment, and in the row buffer
    spot_t spot;
} feed_t;

// NS: a tile whose sums leave the array, or will: the last two.
typedef struct {
    int start;  // cycle in which its last values entered
    int first;  // number of its first position
    int column_tile;
} drained_t;

// WS, IS: what the rows of the array hold at a time: a piece of a segment of one repeat, and a tile of output channels
// (WS) or of positions (IS).
typedef struct {
    part_t repeat, segment;
    int first, tile;
    within_t at;  // the unit of value `first`
} piece_t;

// A block of a convolution on its way.
typedef struct {
    geometry_t g;
    sums_t sums;
    usage_t mode;
    int tile, tiles;  // -1: the first tile's operands are fetched; tiles (NS) or no piece left: the array empties
    int tail;         // cycles until the array is empty
    bool ending;
    int steps;  // of a tile
    // NS
    int column_tiles, first;  // first: position of the tile
    feed_t feed;
    bool feeding, computing;
    int column_tile, value, step;
    drained_t drained[2];
    int newest;
    // WS, IS
    piece_t held, next;
    int work;  // cycles of a tile, if it does not wait for the next one's load
    int load_row, work_index, last_load;
    spot_t spot;
} flow_t;

#endif
