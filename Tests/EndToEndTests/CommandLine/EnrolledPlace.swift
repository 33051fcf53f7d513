import EnrollmentTestKit
import Foundation

/// A place at which one device has enrolled and another was refused, with what the simulator said about both.
struct EnrolledPlace: Sendable {
    let place: CommandPlace
    let accepted: CommandPlace.Run
    let refused: CommandPlace.Run
    /// What further commands of the simulator said, by the names they were given.
    let plays: [String: CommandPlace.Run]

    /// Runs the service only as long as the two devices need it.
    ///
    /// Everything is one script, so that its time limit ends the service, too.
    private static let script = """
        binary=$1 config=$2 server=$3
        "$binary" serve --config "$config" 2> serve.log &
        service=$!
        trap 'kill "$service" 2> /dev/null; wait "$service"' EXIT
        for _ in $(seq 400); do
            if grep -q ' ready ' serve.log; then break; fi
            if ! kill -0 "$service" 2> /dev/null; then cat serve.log >&2; exit 1; fi
            sleep 0.05
        done
        play() {
            name=$1
            shift
            "$binary" simulate windows "$@" --ca root.pem --json > "$name.json" 2> "$name.log"
            echo $? > "$name.status"
        }
        kim=(--server "$server" --user kim@corp.example)
        play right "${kim[@]}" --password-file right.txt --save laptop
        play wrong "${kim[@]}" --password-file wrong.txt

        """

    /// - Parameters:
    ///   - renewable: Whether certificates may be renewed from birth.
    ///   - plays: Further commands, each a name and arguments as they stand in a script.
    /// - Returns: The place, at which nothing runs any more.
    /// - Throws: When what the place needs does not come about.
    static func make(
        renewable: Bool = false,
        _ plays: [(name: String, arguments: String)] = []
    ) async throws -> EnrolledPlace {
        let place = try await CommandPlace.founded()
        if renewable {
            try place.edit(
                "profiles/device.json5",
                ("validityDays: 365", "validityDays: 2"),
                ("renewPeriodDays: 60", "renewPeriodDays: 1"),
                ("retryIntervalDays: 4", "retryIntervalDays: 1")
            )
        }
        let slapd = try Slapd.shared()
        let (device, plain) = (Int(FreePort.find()), Int(FreePort.find()))
        try place.write(try slapd.servicePassword(), to: "service.txt")
        try place.write("kim-password\n", to: "right.txt")
        try place.write("not kim's\n", to: "wrong.txt")
        try place.edit(
            "gatehouse.json5",
            ("https://localhost:8443", "https://localhost:\(device)"),
            ("port: 8443", "port: \(device)"),
            ("http://localhost:8080", "http://localhost:\(plain)"),
            ("port: 8080", "port: \(plain)"),
            ("ldap://127.0.0.1:3389", slapd.tlsURL),
            ("\"plaintextPasswords\"", "\"tls\", caFile: \"\(slapd.caFile)\""),
            ("dc=corp,dc=example", slapd.base),
            (
                "attributes: { preset: \"openldap\" }",
                "serviceAccount: { name: \"\(slapd.serviceName)\", password: { file: \"service.txt\" } }"
            )
        )
        let root = try await Self.root(of: place)
        try place.write(root, to: "root.pem")
        let run = try await place.shell(
            Self.script + plays.map { "play \($0.name) \($0.arguments)\n" }.joined(),
            [CommandPlace.binary, place.configuration, "https://localhost:\(device)"],
            seconds: 60
        )
        guard run.status == 0 else { throw CommandPlace.NotPrepared(reason: run.errors) }
        return EnrolledPlace(
            place: place,
            accepted: try Self.run("right", place),
            refused: try Self.run("wrong", place),
            plays: Dictionary(
                uniqueKeysWithValues: try plays.map { ($0.name, try Self.run($0.name, place)) }
            )
        )
    }

    private static func root(of place: CommandPlace) async throws -> String {
        let list = try JSONDocument(parsing: try await place.runHere("cert", "list", "--json").output)
        guard case .array(let certificates)? = list["certificates"],
            let pem = certificates.first(where: { $0["profile"]?.text == "root/2" })?["pem"]?.text
        else { throw CommandPlace.NotPrepared(reason: "there is no root") }
        return pem
    }

    private static func run(_ name: String, _ place: CommandPlace) throws -> CommandPlace.Run {
        func read(_ suffix: String) throws -> String {
            try String(contentsOfFile: place.path("\(name).\(suffix)"), encoding: .utf8)
        }
        let status = Int32(try read("status").dropLast()) ?? -1
        return CommandPlace.Run(status: status, output: try read("json"), errors: try read("log"))
    }
}
