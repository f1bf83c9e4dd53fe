// A board, or Intel's emulator, as a device_t: a buffer for each memory port, an in-order queue for each kernel.
#ifndef OVERLAY_OPENCL_DEVICE_H
#define OVERLAY_OPENCL_DEVICE_H

#include <chrono>
#include <cstdlib>
#include <memory>
#include <thread>

#define CL_TARGET_OPENCL_VERSION 120
#define CL_USE_DEPRECATED_OPENCL_1_2_APIS
#include <CL/cl.h>

#include "device_run.h"

// Memory banks, from Intel's cl_ext_intelfpga.h: a buffer goes to the bank that its flag names (boards whose banks are not
// interleaved), or to the memory that the kernel's argument names with buffer_location.
#ifndef CL_CHANNEL_1_INTELFPGA
#define CL_CHANNEL_1_INTELFPGA (1 << 16)
#define CL_CHANNEL_2_INTELFPGA (2 << 16)
#define CL_CHANNEL_3_INTELFPGA (3 << 16)
#define CL_CHANNEL_4_INTELFPGA (4 << 16)
#define CL_CHANNEL_5_INTELFPGA (5 << 16)
#define CL_CHANNEL_6_INTELFPGA (6 << 16)
#define CL_CHANNEL_7_INTELFPGA (7 << 16)
#endif
#ifndef CL_MEM_HETEROGENEOUS_INTELFPGA
#define CL_MEM_HETEROGENEOUS_INTELFPGA (1 << 19)
#endif

#ifndef MEMORY_FLAGS
#error "MEMORY_FLAGS: the flags of the memory ports' buffers, with commas between them; config.mk has them"
#endif
const cl_mem_flags PORT_MEMORY[] = {MEMORY_FLAGS};
static_assert(sizeof(PORT_MEMORY) / sizeof(PORT_MEMORY[0]) == PORTS, "config.mk names a memory for each port");

const char *const BOARD_PLATFORM = "Intel(R) FPGA SDK for OpenCL(TM)";
const char *const EMULATION_PLATFORM = "Intel(R) FPGA Emulation Platform for OpenCL(TM)";

enum kernel_index_t { LOAD, FEED, ARRAY, ACCUMULATE, POST, STORE, KERNELS };
const char *const KERNEL_NAMES[KERNELS] = {"load", "feed", "array", "accumulate", "post", "store"};

// What to run, and on what.
struct target_t {
    bool emulator = false;
    std::string binary;  // an .aocx file, or
    std::string
        sources;  // the folder of overlay.cl, for the emulator of the Python packages, which compiles at run time
    double time_limit_seconds = 3600;
};

inline void require(cl_int status, const std::string &what) {
    if (status != CL_SUCCESS) throw std::runtime_error(what + " failed with OpenCL error " + std::to_string(status));
}

inline cl_platform_id find_platform(const std::string &wanted) {
    cl_uint count = 0;
    if (clGetPlatformIDs(0, nullptr, &count) != CL_SUCCESS) count = 0;
    std::vector<cl_platform_id> platforms(count);
    if (count) require(clGetPlatformIDs(count, platforms.data(), nullptr), "listing OpenCL platforms");
    std::string names;
    for (cl_platform_id platform : platforms) {
        char name[256] = {};
        require(clGetPlatformInfo(platform, CL_PLATFORM_NAME, sizeof(name) - 1, name, nullptr), "naming a platform");
        if (wanted == name) return platform;
        names += std::string(names.empty() ? "" : ", ") + name;
    }
    throw std::runtime_error("there is no OpenCL platform \"" + wanted +
                             "\"; found: " + (names.empty() ? "none" : names));
}

// Host memory that the runtime can move by DMA: aligned to 64 bytes.
class aligned_bytes_t {
  public:
    explicit aligned_bytes_t(std::size_t bytes) : bytes_(std::aligned_alloc(64, (bytes + 63) / 64 * 64)) {
        if (!bytes_) throw std::runtime_error("there is not enough memory for the program's buffers");
    }
    std::uint8_t *data() const { return static_cast<std::uint8_t *>(bytes_.get()); }

  private:
    struct free_t {
        void operator()(void *bytes) const { std::free(bytes); }
    };
    std::unique_ptr<void, free_t> bytes_;
};

class opencl_device_t : public device_t {
  public:
    opencl_device_t(const program_file_t &program, const target_t &target)
        : program_(program), target_(target), port_size_(bytes_per_port(program)) {
        const cl_platform_id platform = find_platform(target.emulator ? EMULATION_PLATFORM : BOARD_PLATFORM);
        require(clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 1, &device_, nullptr), "finding a device");
        cl_int status;
        context_ = clCreateContext(nullptr, 1, &device_, nullptr, nullptr, &status);
        require(status, "making a context");
        build();
        for (int k = 0; k < KERNELS; ++k) {
            queues_[k] = clCreateCommandQueue(context_, device_, CL_QUEUE_PROFILING_ENABLE, &status);
            require(status, "making a queue");
            kernels_[k] = clCreateKernel(built_, KERNEL_NAMES[k], &status);
            require(status, std::string("finding kernel ") + KERNEL_NAMES[k]);
        }
        for (int port = 0; port < PORTS; ++port) {
            // The emulator has one memory.
            const cl_mem_flags bank = target.emulator ? 0 : PORT_MEMORY[port];
            memory_.push_back(buffer(port_size_, CL_MEM_READ_WRITE | bank));
            host_.emplace_back(port_size_);
            ports.push_back(host_.back().data());
        }
        for (int k : {LOAD, FEED, STORE})
            counters_[k] = buffer(program.command_count() * counters_of(k) * sizeof(std::uint64_t), CL_MEM_READ_WRITE);
        set_buffers();
    }
    opencl_device_t(const opencl_device_t &) = delete;
    opencl_device_t &operator=(const opencl_device_t &) = delete;
    ~opencl_device_t() override {
        for (int k = 0; k < KERNELS; ++k) {
            if (kernels_[k]) clReleaseKernel(kernels_[k]);
            if (queues_[k]) clReleaseCommandQueue(queues_[k]);
            if (counters_[k]) clReleaseMemObject(counters_[k]);
        }
        for (cl_mem memory : memory_) clReleaseMemObject(memory);
        if (built_) clReleaseProgram(built_);
        if (context_) clReleaseContext(context_);
    }

    void to_device() override {
        for (std::size_t port = 0; port < PORTS; ++port)
            require(clEnqueueWriteBuffer(queues_[LOAD], memory_[port], CL_TRUE, 0, port_size_, ports[port], 0, nullptr,
                                         nullptr),
                    "writing to the device");
    }
    void from_device(std::uint64_t address, std::uint64_t bytes) override {
        const std::uint64_t word = std::uint64_t(PORTS) * PORT_BYTES;
        const std::size_t first = static_cast<std::size_t>(address / word) * PORT_BYTES;
        const std::size_t end = static_cast<std::size_t>((address + bytes + word - 1) / word) * PORT_BYTES;
        for (std::size_t port = 0; port < PORTS; ++port)
            require(clEnqueueReadBuffer(queues_[STORE], memory_[port], CL_TRUE, first, end - first, ports[port] + first,
                                        0, nullptr, nullptr),
                    "reading from the device");
    }

    std::vector<std::uint64_t> run(std::uint32_t first_command, std::uint32_t count) override {
        if (count == 0) return {};  // a layer that is written in place by those before it
        const cl_ulong address = program_.commands_address() + std::uint64_t(first_command) * COMMAND_BYTES;
        const cl_int commands = static_cast<cl_int>(count);
        set_argument(LOAD, 0, sizeof(address), &address);
        set_argument(LOAD, 1, sizeof(commands), &commands);
        for (int k : {FEED, ARRAY, ACCUMULATE, POST, STORE}) set_argument(k, 0, sizeof(commands), &commands);
        cl_event done[KERNELS] = {};
        for (int k = 0; k < KERNELS; ++k)
            require(clEnqueueTask(queues_[k], kernels_[k], 0, nullptr, &done[k]),
                    std::string("starting kernel ") + KERNEL_NAMES[k]);
        for (cl_command_queue queue : queues_) require(clFlush(queue), "starting the kernels");
        wait(done);
        note_times(done);
        return counted(count);
    }

    // Writes the built kernels to a file that is a `binary` for the same device.
    void save(const std::string &path) const {
        std::size_t size = 0;
        require(clGetProgramInfo(built_, CL_PROGRAM_BINARY_SIZES, sizeof(size), &size, nullptr),
                "asking for the binary");
        std::vector<unsigned char> bytes(size);
        unsigned char *start = bytes.data();
        require(clGetProgramInfo(built_, CL_PROGRAM_BINARIES, sizeof(start), &start, nullptr), "asking for the binary");
        std::ofstream file(path, std::ios::binary);
        file.write(reinterpret_cast<const char *>(bytes.data()), static_cast<std::streamsize>(size));
        if (!file.flush()) throw std::runtime_error("cannot write " + path);
    }

    // Of the last run, by the device's clock: from the first start to the last end, and each kernel's own.
    double milliseconds = 0, kernel_milliseconds[KERNELS] = {};

  private:
    static std::size_t counters_of(int kernel) { return kernel == FEED ? 1 : PORTS; }

    cl_mem buffer(std::size_t bytes, cl_mem_flags flags) {
        cl_int status;
        const cl_mem made = clCreateBuffer(context_, flags, bytes, nullptr, &status);
        require(status, "making a buffer of " + std::to_string(bytes) + " bytes");
        return made;
    }

    void build() {
        cl_int status;
        std::string options;
        if (!target_.binary.empty()) {
            const std::vector<std::uint8_t> bytes = read_file(target_.binary);
            const std::size_t size = bytes.size();
            const unsigned char *start = bytes.data();
            built_ = clCreateProgramWithBinary(context_, 1, &device_, &size, &start, nullptr, &status);
            require(status, "loading " + target_.binary);
        } else {
            const std::vector<std::uint8_t> bytes = read_file(target_.sources + "/overlay.cl");
            const std::size_t size = bytes.size();
            const char *start = reinterpret_cast<const char *>(bytes.data());
            built_ = clCreateProgramWithSource(context_, 1, &start, &size, &status);
            require(status, "reading overlay.cl");
            options = "-DOVERLAY_EMULATION -DOVERLAY_GIVES_WAY -I \"" + target_.sources + "\"";
        }
        if (clBuildProgram(built_, 1, &device_, options.c_str(), nullptr, nullptr) == CL_SUCCESS) return;
        std::size_t size = 0;
        clGetProgramBuildInfo(built_, device_, CL_PROGRAM_BUILD_LOG, 0, nullptr, &size);
        std::string log(size, ' ');
        if (size) clGetProgramBuildInfo(built_, device_, CL_PROGRAM_BUILD_LOG, size, &log[0], nullptr);
        throw std::runtime_error("the kernels do not build:\n" + log);
    }

    void set_argument(int kernel, int index, std::size_t size, const void *value) {
        require(clSetKernelArg(kernels_[kernel], static_cast<cl_uint>(index), size, value),
                std::string("argument ") + std::to_string(index) + " of kernel " + KERNEL_NAMES[kernel]);
    }

    // load(commands_address, command_count, counters, read0, ..), feed(command_count, counters),
    // array(command_count), accumulate(command_count), post(command_count), store(command_count, counters, write0, ..)
    void set_buffers() {
        set_argument(LOAD, 2, sizeof(cl_mem), &counters_[LOAD]);
        set_argument(FEED, 1, sizeof(cl_mem), &counters_[FEED]);
        set_argument(STORE, 1, sizeof(cl_mem), &counters_[STORE]);
        for (int port = 0; port < PORTS; ++port) {
            set_argument(LOAD, 3 + port, sizeof(cl_mem), &memory_[static_cast<std::size_t>(port)]);
            set_argument(STORE, 2 + port, sizeof(cl_mem), &memory_[static_cast<std::size_t>(port)]);
        }
    }

    // Kernels that wait for each other for ever would block clFinish for ever; this gives up.
    void wait(const cl_event (&done)[KERNELS]) const {
        const auto start = std::chrono::steady_clock::now();
        for (int k = 0; k < KERNELS;) {
            cl_int state;
            require(clGetEventInfo(done[k], CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof(state), &state, nullptr),
                    "asking for a kernel's state");
            require(state < 0 ? state : CL_SUCCESS, std::string("kernel ") + KERNEL_NAMES[k]);
            if (state == CL_COMPLETE) {
                ++k;
                continue;
            }
            const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start;
            if (passed.count() > target_.time_limit_seconds) {
                std::fprintf(
                    stderr, "host: kernel %s is not done after %g s: it waits for ever, or --time-limit is too short\n",
                    KERNEL_NAMES[k], target_.time_limit_seconds);
                std::fflush(nullptr);
                std::_Exit(2);  // the runtime would wait for the kernels when the program ends
            }
            std::this_thread::sleep_for(std::chrono::microseconds(200));
        }
    }

    void note_times(const cl_event (&done)[KERNELS]) {
        cl_ulong first = ~cl_ulong(0), last = 0;
        for (int k = 0; k < KERNELS; ++k) {
            cl_ulong start, end;
            require(clGetEventProfilingInfo(done[k], CL_PROFILING_COMMAND_START, sizeof(start), &start, nullptr),
                    "profiling");
            require(clGetEventProfilingInfo(done[k], CL_PROFILING_COMMAND_END, sizeof(end), &end, nullptr),
                    "profiling");
            kernel_milliseconds[k] = double(end - start) * 1e-6;
            first = start < first ? start : first;
            last = end > last ? end : last;
            clReleaseEvent(done[k]);
        }
        milliseconds = double(last - first) * 1e-6;
    }

    std::vector<std::uint64_t> counted(std::uint32_t count) {
        std::vector<std::uint64_t> part[KERNELS];
        for (int k : {LOAD, FEED, STORE}) {
            part[k].resize(counters_of(k) * count);
            require(clEnqueueReadBuffer(queues_[k], counters_[k], CL_TRUE, 0, part[k].size() * sizeof(std::uint64_t),
                                        part[k].data(), 0, nullptr, nullptr),
                    "reading counters");
        }
        std::vector<std::uint64_t> all;
        for (std::size_t i = 0; i < count; ++i) {
            all.push_back(part[FEED][i]);
            for (int k : {LOAD, STORE})
                for (std::size_t port = 0; port < PORTS; ++port) all.push_back(part[k][i * PORTS + port]);
        }
        return all;
    }

    const program_file_t &program_;
    const target_t target_;
    const std::size_t port_size_;
    cl_device_id device_ = nullptr;
    cl_context context_ = nullptr;
    cl_program built_ = nullptr;
    cl_command_queue queues_[KERNELS] = {};
    cl_kernel kernels_[KERNELS] = {};
    cl_mem counters_[KERNELS] = {};
    std::vector<cl_mem> memory_;
    std::vector<aligned_bytes_t> host_;
};

#endif
