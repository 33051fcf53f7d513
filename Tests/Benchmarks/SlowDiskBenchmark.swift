internal import DeviceSimulator
internal import EnrollmentTestKit
internal import Foundation

/// Complete enrollments while each fsync takes 5 ms more: with group commit, requests that arrive together share one.
func slowDiskBenchmark(_ bench: Bench) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "gatehouse-slow-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    // A folder left behind is a nuisance, not a failure.
    defer { try? FileManager.default.removeItem(at: folder) }
    let source = folder.appending(path: "slow.c")
    let library = folder.appending(path: "slow.so").path
    try Data(slowDiskSource.utf8).write(to: source)
    let outcome = try await ExternalCommand.run("cc", ["-shared", "-fPIC", "-O2", "-o", library, source.path])
    guard outcome.status == 0 else { throw BenchmarkProblem("cc: \(outcome.output)") }
    for workers in [1, 8, 32] {
        try await EnrollmentSeries(
            algorithm: .p256,
            mode: .onePerWorker,
            suffix: ".slowdisk.c\(workers)",
            environment: ["LD_PRELOAD": library],
            workers: workers
        ).measure(bench)
    }
}

/// Stands before the C library's calls and adds 5 ms to each.
private let slowDiskSource = """
    #define _GNU_SOURCE
    #include <dlfcn.h>
    #include <time.h>
    #include <unistd.h>
    static int slow(const char *name, int descriptor) {
        int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
        int status = real(descriptor);
        struct timespec more = {0, 5000000};
        nanosleep(&more, 0);
        return status;
    }
    int fsync(int descriptor) { return slow("fsync", descriptor); }
    int fdatasync(int descriptor) { return slow("fdatasync", descriptor); }
    """
