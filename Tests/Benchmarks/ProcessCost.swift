internal import Foundation

/// What a process has used so far, from `/proc`.
struct ProcessCost {
    /// User and system time of all its threads, in milliseconds.
    let milliseconds: Double

    /// - Throws: When the process has ended.
    init(of identifier: pid_t) throws {
        let fields = try Self.fields(of: identifier)
        let ticks = (Double(fields[11]) ?? 0) + (Double(fields[12]) ?? 0)
        self.milliseconds = ticks * 1_000 / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// Of a server and all processes that it starts for its connections, ended ones included, in milliseconds.
    static func family(of identifier: pid_t) throws -> Double {
        let own = try self.fields(of: identifier)
        // Its own time, and that of its children that have ended: cutime and cstime.
        var ticks = own[11..<15].reduce(0) { $0 + (Double($1) ?? 0) }
        for name in try FileManager.default.contentsOfDirectory(atPath: "/proc") {
            guard let child = pid_t(name), child != identifier,
                // It may have ended meanwhile, and is among those that have ended next time.
                let fields = try? self.fields(of: child), fields[1] == "\(identifier)"
            else { continue }
            ticks += (Double(fields[11]) ?? 0) + (Double(fields[12]) ?? 0)
        }
        return ticks * 1_000 / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// What `/proc/PID/stat` says after the name: state, parent, and so on; user and system time are the 12th and 13th.
    private static func fields(of identifier: pid_t) throws -> [Substring] {
        let text = try String(contentsOfFile: "/proc/\(identifier)/stat", encoding: .utf8)
        // The name in parentheses may hold blanks.
        let fields = text[(text.lastIndex(of: ")") ?? text.startIndex)...].dropFirst(2).split(separator: " ")
        guard fields.count > 15 else {
            throw BenchmarkProblem("/proc/\(identifier)/stat is not as proc(5) describes it")
        }
        return fields
    }

    /// This process, in microseconds and finer than `/proc` tells.
    static var ownMicroseconds: Double { Self.microseconds(RUSAGE_SELF) }

    /// Of processes that this one started and that have ended.
    static var childrenMilliseconds: Double { Self.microseconds(RUSAGE_CHILDREN) / 1_000 }

    private static func microseconds(_ who: __rusage_who) -> Double {
        var usage = rusage()
        getrusage(who.rawValue, &usage)
        return [usage.ru_utime, usage.ru_stime].reduce(0) { $0 + Double($1.tv_sec) * 1e6 + Double($1.tv_usec) }
    }

    /// A line of `/proc/PID/status` in mebibytes: `VmHWM` is the peak of resident memory, `VmRSS` its size now.
    static func memory(_ key: String, of identifier: pid_t) throws -> Double {
        let text = try String(contentsOfFile: "/proc/\(identifier)/status", encoding: .utf8)
        for line in text.split(separator: "\n") where line.hasPrefix(key + ":") {
            if let kibibytes = line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({ Double($0) }) {
                return kibibytes / 1_024
            }
        }
        throw BenchmarkProblem("/proc/\(identifier)/status has no \(key)")
    }
}
