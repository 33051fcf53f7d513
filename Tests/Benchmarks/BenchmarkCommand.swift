internal import Foundation

/// Measures what was asked for on the command line, one line a figure.
@main
struct BenchmarkCommand {
    private static let usage = """
        usage: Benchmarks [name…] [options]
          --json FILE        write the figures
          --compare FILE     compare with figures written earlier; exit 1 on a regression
          --tolerance RATIO  how much more a cost may be than it was (1.25)
          --devices N        devices in each round of complete enrollments (400)
          --rounds N         rounds, of which the median counts (3)
          --fleet N          devices of the fleet benchmark (100000)
          --sizes N,…        certificates in the tables of the growth benchmark (10000,1000000)
          --filled DATABASE  where they are already, as psql takes it; the service is not started there
          --help             say this, and what there is to measure
        Needs the release build of the service beside it: swift build -c release
        """

    static func main() async {
        do {
            try await self.run(Array(CommandLine.arguments.dropFirst()))
        } catch let problem as BenchmarkProblem {
            FileHandle.standardError.write(Data("benchmarks: \(problem.description)\n".utf8))
            exit(problem.status)
        } catch {
            FileHandle.standardError.write(Data("benchmarks: \(error)\n".utf8))
            exit(1)
        }
    }

    private static func run(_ arguments: [String]) async throws {
        let bench = try Bench()
        var names: [String] = []
        var json: String?
        var compare: String?
        var tolerance = 1.25
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            guard argument.hasPrefix("-") else {
                names.append(argument)
                continue
            }
            if argument == "--help" || argument == "-h" { return print(self.usage + "\n" + self.names) }
            guard let value = rest.popFirst() else { throw BenchmarkProblem(self.usage + "\n" + self.names, status: 2) }
            switch argument {
            case "--json": json = value
            case "--compare": compare = value
            case "--tolerance": tolerance = try self.number(value)
            case "--devices": bench.devices = Int(try self.number(value))
            case "--rounds": bench.rounds = Int(try self.number(value))
            case "--fleet": bench.fleet = Int(try self.number(value))
            case "--filled": bench.filled = value
            case "--sizes": bench.sizes = try value.split(separator: ",").map { Int(try self.number(String($0))) }
            default: throw BenchmarkProblem(self.usage + "\n" + self.names, status: 2)
            }
        }
        for name in names where !Benchmark.all.contains(where: { $0.name == name }) {
            throw BenchmarkProblem("there is no benchmark \(name)\n" + self.names, status: 2)
        }
        let baseline = try compare.map { try Baseline.read($0) }
        for benchmark in Benchmark.all where names.isEmpty ? benchmark.isOrdinary : names.contains(benchmark.name) {
            try await benchmark.run(bench)
        }
        if let json { try Baseline(machine: Bench.machine, figures: bench.figures).write(json) }
        guard let baseline else { return }
        let (lines, regressions) = baseline.compare(bench.figures, tolerance: tolerance)
        print(lines.joined(separator: "\n"))
        guard regressions.isEmpty else {
            throw BenchmarkProblem("dearer than before: \(regressions.joined(separator: ", "))", status: 1)
        }
    }

    private static var names: String {
        Benchmark.all.map { "  \($0.name): \($0.summary)" }.joined(separator: "\n")
    }

    private static func number(_ text: String) throws -> Double {
        guard let number = Double(text), number >= 1 else {
            throw BenchmarkProblem("\(text) is not a number from 1 on", status: 2)
        }
        return number
    }
}

/// Why a measurement could not be made.
struct BenchmarkProblem: Error, CustomStringConvertible {
    let description: String
    let status: Int32

    init(_ description: String, status: Int32 = 1) {
        self.description = description
        self.status = status
    }
}
