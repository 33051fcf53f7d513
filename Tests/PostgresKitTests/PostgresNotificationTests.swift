internal import EnrollmentTestKit
internal import PostgresKit
internal import SQLText
internal import Testing

@Suite("Notifications from PostgreSQL")
struct PostgresNotificationTests {
    @Test("What another session says is heard in order, with its channel and words.")
    func heard() async throws {
        try await PostgresServer.shared().withDatabase { database in
            let settings = database.settings()
            try await BlockingDesk.run {
                let (ear, mouth) = (try PostgresConnection.open(settings), try PostgresConnection.open(settings))
                try ear.executeScript("LISTEN news; LISTEN weather")
                #expect(try ear.notifications(before: .now) == [])
                try mouth.executeScript(
                    "NOTIFY news, 'first'; NOTIFY weather; NOTIFY elsewhere, 'x'; NOTIFY news, 'zwölf'"
                )
                var heard: [PostgresNotification] = []
                while heard.count < 3 { heard += try ear.notifications(before: .now + .seconds(20)) }
                #expect(heard.map(\.channel) == ["news", "weather", "news"])
                #expect(heard.map(\.payload) == ["first", "", "zwölf"])
                #expect(try ear.notifications(before: .now + .milliseconds(20)) == [])
            }
        }
    }

    @Test("What came while something else was asked is not lost.")
    func meanwhile() async throws {
        try await PostgresServer.shared().withDatabase { database in
            let settings = database.settings()
            try await BlockingDesk.run {
                let (ear, mouth) = (try PostgresConnection.open(settings), try PostgresConnection.open(settings))
                try ear.executeScript("LISTEN news")
                try mouth.executeScript("NOTIFY news, 'one'")
                _ = try ear.ask("SELECT 1")
                try ear.synchronize()
                try mouth.executeScript("NOTIFY news, 'two'")
                try ear.executeScript("SELECT 1")
                var heard: [PostgresNotification] = []
                while heard.count < 2 { heard += try ear.notifications(before: .now + .seconds(20)) }
                #expect(heard.map(\.payload) == ["one", "two"])
            }
        }
    }

    @Test("A bell ends the wait from another thread, and every wait after it.")
    func bell() async throws {
        let settings = try PostgresServer.shared().administration.settings()
        let bell = try PostgresBell()
        async let heard = BlockingDesk.run { () -> [PostgresNotification] in
            let ear = try PostgresConnection.open(settings)
            try ear.executeScript("LISTEN news")
            let first = try ear.notifications(before: .now + .seconds(600), orUntil: bell)
            return try first + ear.notifications(before: .now + .seconds(600), orUntil: bell)
        }
        try await Task.sleep(for: .milliseconds(100))
        #expect(!bell.isRung)
        bell.ring()
        bell.ring()
        #expect(bell.isRung)
        #expect(try await heard == [])
    }

    @Test("The end of the connection ends the wait with an error.")
    func end() async throws {
        let database = try PostgresServer.shared().administration
        let proxy = TCPProxy(to: database.server.port)
        let settings = database.settings(port: proxy.port)
        async let outcome = BlockingDesk.run { () -> PostgresError? in
            let ear = try PostgresConnection.open(settings)
            try ear.executeScript("LISTEN news")
            return problem { _ = try ear.notifications(before: .now + .seconds(600)) }
        }
        while proxy.turns < 3 { try await Task.sleep(for: .milliseconds(10)) }
        try await Task.sleep(for: .milliseconds(50))
        proxy.cutAll()
        #expect(try await outcome?.kind == .connectionLost)
    }
}
