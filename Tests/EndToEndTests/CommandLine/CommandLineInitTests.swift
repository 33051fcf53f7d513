import EnrollmentTestKit
import Foundation
import Testing

@Suite("gatehouse init", .timeLimit(.minutes(25)))
struct CommandLineInitTests {
    @Test(
        "makes an authority with every kind of key, and openssl finds no fault in the chain",
        arguments: [
            ("ecdsa-p256", "256 bit"), ("ecdsa-p384", "384 bit"), ("rsa-2048", "2048 bit"), ("rsa-3072", "3072 bit"),
            ("rsa-4096", "4096 bit"), ("ed25519", "ED25519"),
        ]
    )
    func algorithms(algorithm: String, words: String) async throws {
        let place = try CommandPlace()
        // Several RSA keys of 4096 bits take their time on a machine that does much else.
        let run = try await place.run(
            ["init", "--config", place.configuration, "--algorithm", algorithm, "--json"],
            seconds: 300
        )
        #expect(run.status == 0, "\(run.errors)")
        let document = try JSONDocument(parsing: run.output)
        #expect(try DocumentSchema("init").findings(in: document).isEmpty)
        for name in ["root", "issuer", "tls"] {
            try place.write(try #require(document[name]?["pem"]?.text), to: "\(name).pem")
        }
        let files = ["-CAfile", place.path("root.pem"), "-untrusted", place.path("issuer.pem"), place.path("tls.pem")]
        let verdict = try await ExternalCommand.run(
            "openssl",
            ["verify", "-x509_strict", "-purpose", "sslserver"] + files
        )
        #expect(verdict.status == 0, "\(verdict.output)")
        for name in ["root", "issuer"] {
            let text = try await ExternalCommand.run(
                "openssl",
                ["x509", "-in", place.path("\(name).pem"), "-noout", "-text"]
            )
            #expect(text.output.contains(words), "\(text.output)")
        }
        let name = try await ExternalCommand.run(
            "openssl",
            ["x509", "-in", place.path("tls.pem"), "-noout", "-checkhost", "localhost"]
        )
        #expect(name.output.contains("does match"))
    }

    @Test("writes what a new place lacks, and lets nobody else read what is secret")
    func writes() async throws {
        let place = try CommandPlace()
        let run = try await place.runHere("init", "--host", "enroll.corp.example", "--organization", "Corp & Söhne")
        #expect(run.status == 0, "\(run.errors)")
        #expect(run.errors.isEmpty)
        for word in ["gatehouse.json5", "profiles/device.json5", "var/passphrase", "var/gatehouse.db", "SHA-256"] {
            #expect(run.output.contains(word), "\(word)")
        }
        #expect(run.output.contains("Next:  gatehouse serve"))
        #expect(try place.mode(of: "var") == 0o700)
        #expect(try place.mode(of: "var/passphrase") == 0o600)
        #expect(try place.mode(of: "var/gatehouse.db") == 0o600)
        #expect(try place.mode(of: "gatehouse.json5") == 0o640)
        let text = try String(contentsOfFile: place.configuration, encoding: .utf8)
        #expect(text.contains("device: \"https://enroll.corp.example\""))
        #expect(try await place.runHere("config", "check").status == 0)
        let list = try await place.runHere("cert", "list")
        #expect(list.output.contains("CN=enroll.corp.example"))
        #expect(list.output.contains("O=Corp & Söhne"))
    }

    @Test("does not print the passphrase it made")
    func keepsThePassphrase() async throws {
        let place = try CommandPlace()
        let run = try await place.runHere("init")
        let secret = try String(contentsOfFile: place.path("var/passphrase"), encoding: .utf8).dropLast()
        try #require(secret.utf8.count == 64)
        #expect(!run.output.contains(secret) && !run.errors.contains(secret))
    }

    @Test("overwrites nothing: a second time ends with status 4, and every file is as before")
    func refusesToOverwrite() async throws {
        let place = try await CommandPlace.founded()
        let names = ["gatehouse.json5", "profiles/device.json5", "var/passphrase", "var/gatehouse.db"]
        let before = try names.map { try Data(contentsOf: URL(filePath: place.path($0))) }
        let run = try await place.runHere("init")
        #expect(run.status == 4)
        #expect(run.output.isEmpty)
        #expect(run.errors.contains("there is a store already"))
        #expect(try names.map { try Data(contentsOf: URL(filePath: place.path($0))) } == before)
    }

    @Test("uses a configuration that is there as it is, and does not pretend to change its host")
    func usesConfiguration() async throws {
        let place = try await CommandPlace.founded()
        try FileManager.default.removeItem(atPath: place.path("var"))
        try place.edit("gatehouse.json5", ("https://localhost:8443", "https://gate.corp.example:8443"))
        let other = try await place.runHere("init", "--host", "other.example")
        #expect(other.status == 2)
        #expect(other.errors.contains("--host is for a new configuration"))
        #expect(!FileManager.default.fileExists(atPath: place.path("var")))
        let run = try await place.runHere("init")
        #expect(run.status == 0, "\(run.errors)")
        #expect(try await place.runHere("cert", "list").output.contains("CN=gate.corp.example"))
    }

    @Test("leaves an older passphrase alone and seals with it")
    func olderPassphrase() async throws {
        let place = try CommandPlace()
        try FileManager.default.createDirectory(atPath: place.path("var"), withIntermediateDirectories: false)
        try place.write("chosen by a person\n", to: "var/passphrase")
        #expect(try await place.runHere("init").status == 0)
        #expect(try String(contentsOfFile: place.path("var/passphrase"), encoding: .utf8) == "chosen by a person\n")
    }

    @Test(
        "refuses what would not work, before it writes a store",
        arguments: [
            (["--tls-algorithm", "ed25519"], "--tls-algorithm ecdsa-p256"), (["--issuer", "R1"], "different ids"),
            (["--issuer", "a/b"], "is not an issuer id"), (["--root", ""], "is not an issuer id"),
            (["--issuer", "12345678901234567"], "is not an issuer id"),
        ]
    )
    func refuses(arguments: [String], words: String) async throws {
        let place = try CommandPlace()
        let run = try await place.run(["init", "--config", place.configuration] + arguments)
        #expect(run.status == 2)
        #expect(run.errors.contains(words), "\(run.errors)")
        #expect(!FileManager.default.fileExists(atPath: place.path("var/gatehouse.db")))
    }

    @Test("says which folder it may not write to")
    func unwritable() async throws {
        let place = try CommandPlace()
        try place.write("a file, not a folder", to: "taken")
        let run = try await place.run(["init", "--config", place.path("taken/gatehouse.json5"), "--json"])
        #expect(run.status == 1)
        #expect(try DocumentSchema("problem").findings(in: try JSONDocument(parsing: run.output)).isEmpty)
        #expect(run.errors.contains("taken"))
        #expect(run.errors.contains("Not a directory"))
    }
}
