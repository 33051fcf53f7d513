internal import Glibc
internal import Synchronization

/// Sets variables of this process; only for a process that a test has to itself.
func setEnvironment(_ variables: [String: String]) {
    for (name, value) in variables { setenv(name, value, 1) }
}

/// How many descriptors this process has open.
func openDescriptors() -> Int {
    (0..<4_096).count { fcntl($0, F_GETFD) != -1 }
}

/// How many threads this process has.
func runningThreads() -> Int {
    guard let folder = opendir("/proc/self/task") else { return -1 }
    defer { closedir(folder) }
    var count = 0
    while readdir(folder) != nil { count += 1 }
    return count - 2
}
