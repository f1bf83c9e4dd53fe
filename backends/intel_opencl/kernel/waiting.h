// How a kernel waits for a message, or for room for one. On a board it stands still. In the emulator it is a thread, which
// would keep a processor that the kernel it waits for may need: there are more kernels than many machines have processors.
// So where the host compiles the kernels (OVERLAY_GIVES_WAY) a thread that waits gives way to the others; what it sends and
// receives is the same.
#ifndef OVERLAY_WAITING_H
#define OVERLAY_WAITING_H

#ifdef OVERLAY_GIVES_WAY
int sched_yield(void);  // of the process that the emulator runs in

#define GIVE_WAY() sched_yield()
#define RECEIVE(message, from)                               \
    do {                                                     \
        bool there = false;                                  \
        while (!there) {                                     \
            (message) = read_channel_nb_intel(from, &there); \
            if (!there) GIVE_WAY();                          \
        }                                                    \
    } while (0)
#define SEND(to, message)                                        \
    do {                                                         \
        while (!write_channel_nb_intel(to, message)) GIVE_WAY(); \
    } while (0)
#else
#define GIVE_WAY()
#define RECEIVE(message, from) (message) = read_channel_intel(from)
#define SEND(to, message) write_channel_intel(to, message)
#endif

#endif
