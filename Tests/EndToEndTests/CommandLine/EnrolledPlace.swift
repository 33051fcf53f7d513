import EnrollmentTestKit
import Foundation

/// A place at which one device has enrolled and another was refused, with what the simulator said about both.
struct EnrolledPlace: Sendable {
    let place: CommandPlace
    let accepted: CommandPlace.Run
    let refused: CommandPlace.Run

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
        for password in right wrong; do
            "$binary" simulate windows --server "$server" --ca root.pem --user kim@corp.example \\
                --password-file $password.txt --json > $password.json 2> $password.log
            echo $? > $password.status
        done
        """

    static func make() async throws -> EnrolledPlace {
        let place = try await CommandPlace.founded()
        let slapd = try Slapd.shared()
        let (device, plain) = (FreePort.choose(), FreePort.choose())
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
            Self.script,
            [CommandPlace.binary, place.configuration, "https://localhost:\(device)"],
            seconds: 60
        )
        guard run.status == 0 else { throw CommandPlace.NotPrepared(reason: run.errors) }
        return EnrolledPlace(
            place: place,
            accepted: try Self.run("right", place),
            refused: try Self.run("wrong", place)
        )
    }

    private static func root(of place: CommandPlace) async throws -> String {
        let list = try JSONDocument(parsing: try await place.runHere("cert", "list", "--json").output)
        guard case .array(let certificates)? = list["certificates"],
            let pem = certificates.first(where: { $0["profile"]?.text == "root/1" })?["pem"]?.text
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
