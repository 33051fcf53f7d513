// swift-tools-version: 6.2

import PackageDescription

/// One set of language settings for every Swift target, so no module compiles under softer rules than its neighbor.
let house: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

/// The core additionally proves that it contains no unsafe construct.
let core: [SwiftSetting] = house + [.strictMemorySafety()]

let log: Target.Dependency = .product(name: "Logging", package: "swift-log")
let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioEmbedded: Target.Dependency = .product(name: "NIOEmbedded", package: "swift-nio")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let asn1: Target.Dependency = .product(name: "SwiftASN1", package: "swift-asn1")

let package = Package(
    name: "gatehouse",
    products: [
        .executable(name: "gatehouse", targets: ["Gatehouse"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.65.0"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.5.4"),
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.4.0"),
        .package(url: "https://github.com/apple/swift-asn1.git", from: "1.0.0"),
    ],
    targets: [
        // System libraries: a shim header and a module map each.
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CLibXML2", pkgConfig: "libxml-2.0", providers: [.apt(["libxml2-dev"])]),
        .systemLibrary(name: "CLDAP", providers: [.apt(["libldap-dev"])]),
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(name: "CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CMalloc"),
        .systemLibrary(name: "CPKCS11", pkgConfig: "p11-kit-1", providers: [.apt(["libp11-kit-dev"])]),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),

        // Below all adapters, and beside them.
        .target(name: "EnrollmentCore", swiftSettings: core),
        .target(name: "ServiceRuntime", dependencies: ["CMalloc", log], swiftSettings: house),

        // Kits: one C library each (X509Kit: swift-asn1), made pleasant.
        .target(name: "OpenSSLKit", dependencies: ["COpenSSL"], swiftSettings: house),
        .target(name: "X509Kit", dependencies: [asn1], swiftSettings: house),
        .target(name: "XMLKit", dependencies: ["CLibXML2"], swiftSettings: house),
        .target(name: "LDAPKit", dependencies: ["CLDAP"], swiftSettings: house),
        .target(name: "SQLText", swiftSettings: house),
        .target(name: "SQLiteKit", dependencies: ["CSQLite", "SQLText"], swiftSettings: house),
        .target(name: "PostgresKit", dependencies: ["CPostgres", "SQLText"], swiftSettings: house),
        .target(name: "CurlKit", dependencies: ["CCurl"], swiftSettings: house),
        .target(name: "PKCS11Kit", dependencies: ["CPKCS11"], swiftSettings: house),

        // Transport.
        .target(name: "TLSTransport", dependencies: ["OpenSSLKit", nioCore], swiftSettings: house),
        .target(
            name: "HTTPTransport",
            dependencies: ["TLSTransport", "ServiceRuntime", nioCore, nioPosix, log],
            swiftSettings: house
        ),

        // Adapters: each joins one kit to ports of the core, none knows another.
        .target(name: "EnrollmentWire", dependencies: ["EnrollmentCore", "XMLKit"], swiftSettings: house),
        .target(
            name: "Directory",
            dependencies: ["EnrollmentCore", "LDAPKit", "ServiceRuntime", log],
            swiftSettings: house
        ),
        .target(
            name: "Ledger",
            dependencies: ["EnrollmentCore", "SQLText", "SQLiteKit", "PostgresKit", "ServiceRuntime", log],
            swiftSettings: house
        ),
        .target(
            name: "Authority",
            dependencies: ["EnrollmentCore", "OpenSSLKit", "PKCS11Kit", "X509Kit", "ServiceRuntime", log],
            swiftSettings: house
        ),
        .target(
            name: "ManagementLink",
            dependencies: ["EnrollmentCore", "CurlKit", "OpenSSLKit", "ServiceRuntime", log],
            swiftSettings: house
        ),
        .target(
            name: "AdminAPI",
            dependencies: ["EnrollmentCore", "OpenSSLKit", "ServiceRuntime"],
            resources: [.embedInCode("Resources/openapi.json")],
            swiftSettings: house
        ),
        .target(
            name: "DeviceSimulator",
            dependencies: ["CurlKit", "OpenSSLKit", "XMLKit", "ServiceRuntime", asn1],
            swiftSettings: house
        ),

        // The one binary.
        .executableTarget(
            name: "Gatehouse",
            dependencies: [
                "EnrollmentCore", "ServiceRuntime", "OpenSSLKit", "X509Kit", "TLSTransport", "HTTPTransport",
                "EnrollmentWire", "Directory", "Ledger", "Authority", "ManagementLink", "AdminAPI", "DeviceSimulator",
                "CurlKit", arguments, log,
            ],
            // The default configuration and profiles, so that the binary alone can set up a new place. Links to the
            // files under Config and PKI, which are the ones to edit.
            resources: [
                .embedInCode("Resources/gatehouse.json5"),
                .embedInCode("Resources/device.json5"),
                .embedInCode("Resources/server.json5"),
                .embedInCode("Resources/ocsp.json5"),
                .embedInCode("Resources/issuing.json5"),
                .embedInCode("Resources/root.json5"),
            ],
            swiftSettings: house
        ),

        // Tests.
        .target(
            name: "EnrollmentTestKit",
            dependencies: ["EnrollmentCore", "OpenSSLKit", "X509Kit"],
            path: "Tests/EnrollmentTestKit",
            swiftSettings: house
        ),
        .testTarget(
            name: "EnrollmentCoreTests",
            dependencies: ["EnrollmentCore", "EnrollmentTestKit"],
            swiftSettings: house
        ),
        .testTarget(name: "ServiceRuntimeTests", dependencies: ["ServiceRuntime"], swiftSettings: house),
        .testTarget(
            name: "OpenSSLKitTests",
            dependencies: ["OpenSSLKit", "X509Kit", "EnrollmentTestKit"],
            swiftSettings: house
        ),
        .testTarget(
            name: "X509KitTests",
            dependencies: ["X509Kit", "OpenSSLKit", "EnrollmentTestKit", asn1],
            swiftSettings: house
        ),
        .testTarget(name: "XMLKitTests", dependencies: ["XMLKit"], swiftSettings: house),
        .testTarget(name: "LDAPKitTests", dependencies: ["LDAPKit", "EnrollmentTestKit"], swiftSettings: house),
        .testTarget(
            name: "PKCS11KitTests",
            dependencies: ["PKCS11Kit", "OpenSSLKit", "X509Kit", "EnrollmentTestKit"],
            swiftSettings: house
        ),
        .testTarget(name: "SQLiteKitTests", dependencies: ["SQLiteKit", "SQLText"], swiftSettings: house),
        .testTarget(
            name: "PostgresKitTests",
            dependencies: ["PostgresKit", "SQLText", "EnrollmentTestKit"],
            swiftSettings: house
        ),
        .testTarget(name: "CurlKitTests", dependencies: ["CurlKit", "EnrollmentTestKit"], swiftSettings: house),
        .testTarget(
            name: "TLSTransportTests",
            dependencies: ["TLSTransport", "OpenSSLKit", "EnrollmentTestKit", nioCore, nioPosix, nioEmbedded],
            swiftSettings: house
        ),
        .testTarget(
            name: "HTTPTransportTests",
            dependencies: [
                "HTTPTransport", "TLSTransport", "OpenSSLKit", "ServiceRuntime", "EnrollmentTestKit", nioCore, nioPosix,
                nioEmbedded, log,
            ],
            swiftSettings: house
        ),
        .testTarget(
            name: "EnrollmentWireTests",
            dependencies: ["EnrollmentWire", "EnrollmentCore", "XMLKit", "EnrollmentTestKit"],
            exclude: ["Corpus"],
            swiftSettings: house
        ),
        .testTarget(
            name: "DirectoryTests",
            dependencies: ["Directory", "EnrollmentCore", "LDAPKit", "ServiceRuntime", "EnrollmentTestKit", log],
            swiftSettings: house
        ),
        .testTarget(
            name: "LedgerContractTests",
            dependencies: [
                "Ledger", "EnrollmentCore", "SQLText", "SQLiteKit", "PostgresKit", "OpenSSLKit", "EnrollmentTestKit",
                log,
            ],
            swiftSettings: house
        ),
        .testTarget(
            name: "AuthorityTests",
            dependencies: [
                "Authority", "EnrollmentCore", "OpenSSLKit", "X509Kit", "ServiceRuntime", "EnrollmentTestKit", log,
            ],
            swiftSettings: house
        ),
        .testTarget(
            name: "ManagementLinkTests",
            dependencies: [
                "ManagementLink", "EnrollmentCore", "CurlKit", "OpenSSLKit", "ServiceRuntime", "EnrollmentTestKit", log,
            ],
            exclude: ["Authorise/hook_server.py"],
            swiftSettings: house
        ),
        .testTarget(
            name: "AdminAPITests",
            dependencies: ["AdminAPI", "EnrollmentCore", "OpenSSLKit", "ServiceRuntime", "EnrollmentTestKit"],
            swiftSettings: house
        ),
        .testTarget(
            name: "DeviceSimulatorTests",
            dependencies: [
                "DeviceSimulator", "CurlKit", "OpenSSLKit", "ServiceRuntime", "XMLKit", "EnrollmentTestKit",
            ],
            exclude: ["stub_server.py", "stub_manager.py"],
            swiftSettings: house
        ),
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "DeviceSimulator", "Authority", "Ledger", "EnrollmentCore", "CurlKit", "OpenSSLKit", "X509Kit",
                "SQLText", "SQLiteKit", "PostgresKit", "ServiceRuntime", "EnrollmentTestKit", log,
            ],
            exclude: ["HandOff/event_sink.py"],
            swiftSettings: house
        ),
        .executableTarget(
            name: "Benchmarks",
            dependencies: [
                "EnrollmentCore", "Authority", "Ledger", "EnrollmentWire", "Directory", "DeviceSimulator", "CurlKit",
                "LDAPKit", "OpenSSLKit", "X509Kit", "SQLText", "SQLiteKit", "PostgresKit", "ServiceRuntime",
                "PKCS11Kit", "CPKCS11", "EnrollmentTestKit", log,
            ],
            path: "Tests/Benchmarks",
            exclude: ["README.md", "baseline.json", "Fill.sql"],
            swiftSettings: house
        ),
    ]
)
