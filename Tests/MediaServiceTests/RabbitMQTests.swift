import Foundation
import MediaCore
import MediaDatabase
import MediaTesting
import Testing

/// The platform's own transport: a real broker, and a client that others wrote (pika).
@Suite(.serialized)
struct RabbitMQTests {
    private static let broker = Result { try PrivateRabbitMQ() }
    private let broker: PrivateRabbitMQ
    private let instance: ServiceInstance
    private let client: HTTPClient

    init() throws {
        broker = try Self.broker.get()
        instance = try ServiceInstance(settings: [
            "MEDIA_AMQP_URL": broker.url, "MEDIA_AMQP_QUEUE": "q-\(UUID().uuidString)",
            "MEDIA_AMQP_QUEUE_ARGUMENTS": "x-message-ttl=600000,x-max-retries=3", "MEDIA_AMQP_MAX_DELIVERIES": "6",
            "MEDIA_RPC_MAX_BYTES": "200M",
            "MEDIA_UPLOAD_GRACE": "2",
        ])
        client = try instance.client()
    }

    private var queue: String { instance.setting("MEDIA_AMQP_QUEUE") }

    /// What the platform's side does, in Python.
    @discardableResult
    private func platform(_ arguments: String...) throws -> JSON { try Self.platform(broker, queue, arguments) }

    /// - Parameter lifetime: milliseconds that a message may wait. The platform's is too short for a machine that does much else.
    private static func platform(
        _ broker: PrivateRabbitMQ, _ queue: String, _ arguments: [String], lifetime: Int = 600_000
    ) throws -> JSON {
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appending(path: "rabbitmq_platform.py").path
        let output = try Command.run(
            "/usr/bin/python3", ["-B", script, String(broker.port), queue] + arguments,
            environment: ["MESSAGE_LIFETIME": String(lifetime)])
        return (try? JSONParser.parse(Array(output.utf8))) ?? .null
    }

    private func uploads(_ user: String) throws -> [String] {
        try instance.connection().query(
            "SELECT original_name FROM media WHERE user_id = ? ORDER BY original_name", [.text(user)]
        ) { (row) throws(MariaDBError) in try row.text(0) }
    }

    @Test("what the platform sends is answered, in the forms that it has; the queue is the platform's")
    func conversation() throws {
        // Declared by the platform, with other arguments than the bridge would.
        #expect(try Self.platform(broker, queue, ["depth"], lifetime: 60_000) == .integer(0))
        let bridge = try instance.startBridge()
        let answers = try Self.platform(broker, queue, ["conversation"], lifetime: 60_000).array ?? []
        try #require(answers.count == 7, "\(answers.map(\.text)) \(instance.folders.log("bridge.log"))")
        let url = answers[0]["response"]?.text("url") ?? ""
        let media = try #require(answers[1]["response"])
        #expect(url.hasSuffix(media.id) && media.text("userId") == "u1" && media["size"] == .integer(1000))
        #expect(answers[2]["response"] == media)
        #expect(answers[3].text("err") == "There is no matching message handler defined in the remote service.")
        #expect(answers[4]["response"]?["total"] == .integer(1) && answers[4]["isDisposed"] == .bool(true))
        #expect(answers[5]["err"]?["statusCode"] == .integer(404))
        // What is no JSON is answered, too, and lies in the other queue with the reason.
        #expect(answers[6]["answer"]?["err"]?["statusCode"] == .integer(400))
        #expect(answers[6].text("body") == "garbage" && answers[6].text("reason").contains("no JSON"))
        #expect(try client.get("/m/\(media.id)").body.count == 1000)
        #expect(bridge.stop(SIGTERM, within: 10))
        #expect(try Self.platform(broker, queue, ["depth"], lifetime: 60_000) == .integer(0))
    }

    @Test("a bridge killed in the middle, again and again: everything is done, and nothing twice")
    func killed() throws {
        try platform("publish", "killed", "300")
        var bridge = try instance.startBridge()
        for _ in 0..<4 {
            let done = try uploads("killed").count
            _ = eventually(within: 20) { ((try? uploads("killed").count) ?? 0) > done + 20 }
            bridge.stop(SIGKILL)
            bridge = try instance.startBridge()
        }
        let isDone = try eventually(within: 60) { try uploads("killed").count >= 300 }
        #expect(isDone)
        #expect(eventually(within: 20) { (try? platform("depth")) == .integer(0) })
        #expect(try uploads("killed") == (0..<300).map { String(format: "%04d.txt", $0) })
        #expect(bridge.stop(SIGTERM, within: 10))
        let answers = try platform("answers", "killed").object ?? []
        let failed = answers.map(\.value).filter { $0["response"]?["data"]?.id.isEmpty != false }.map(\.text)
        #expect(answers.count == 300 && failed.isEmpty, "\(answers.count) \(failed)")
        // What the kills have left in the store is old enough then.
        sleep(3)
        try instance.mediad("work", "--once")
        #expect(try StoreInvariants.violations(instance) == [])
    }

    @Test("a message that the bridge dies of is given up in the end, and says so")
    func poison() throws {
        let media = try client.upload(Samples.text("poison"), name: "a.txt", user: "poison")
        try platform("update", "poison", media.id)
        // Whoever changes the record waits for this transaction, and is killed while it waits.
        let holder = instance.connection()
        var deaths = 0
        try holder.transaction { connection in
            _ = try connection.query("SELECT id FROM media WHERE id = ? FOR UPDATE", [.text(media.id)]) { _ in true }
            // By its own client: MariaDB 10.11 has crashed where a prepared statement asked for this again and again.
            func waiting() throws -> Int {
                let list = try Command.run(
                    "mariadb",
                    [
                        "--no-defaults", "--socket=\(instance.mariaDB.socket)", "-u", "root", "-N", "-e",
                        "SHOW FULL PROCESSLIST",
                    ])
                return list.split(separator: "\n").count {
                    $0.contains(instance.database.database) && $0.contains("SELECT m.id")
                        && $0.hasSuffix("FOR UPDATE\t0.000")
                }
            }
            while deaths < 6 {
                let bridge = try instance.startBridge()
                let isWaiting = eventually(within: 10) { ((try? waiting()) ?? 0) > 0 }
                bridge.stop(SIGKILL)
                #expect(isWaiting, "\(deaths)")
                deaths += 1
                _ = eventually { ((try? waiting()) ?? 1) == 0 }
            }
        }
        let bridge = try instance.startBridge()
        let isGivenUp = eventually(within: 15) { instance.folders.log("bridge.log").contains("a message is given up") }
        #expect(isGivenUp)
        let isAnswered = try eventually { try platform("depth") == .integer(0) }
        #expect(isAnswered)
        let answers = try platform("answers", "poison").object ?? []
        #expect(answers.map { $0.value["err"]?["statusCode"] } == [.integer(503)])
        #expect(try client.get("/v1/media/\(media.id)").json == media)
        #expect(bridge.stop(SIGTERM, within: 10))
    }

    @Test("a broker that goes away in the middle and comes back: the same")
    func brokerRestarted() throws {
        let bridge = try instance.startBridge()
        try platform("publish", "restarted", "300")
        _ = eventually(within: 20) { ((try? uploads("restarted").count) ?? 0) > 30 }
        broker.stop()
        let sofar = try uploads("restarted").count
        try broker.start()
        let isDone = try eventually(within: 60) { try uploads("restarted").count >= 300 }
        #expect(isDone, "\(sofar) \(instance.folders.log("bridge.log").suffix(2000))")
        #expect(eventually(within: 20) { (try? platform("depth")) == .integer(0) })
        #expect(try uploads("restarted") == (0..<300).map { String(format: "%04d.txt", $0) })
        #expect(bridge.isRunning)
        #expect(bridge.stop(SIGTERM, within: 10))
    }

    @Test(
        "events out: each change reaches the exchange, in order for each record, with bridge and broker down or killed")
    func eventsOut() throws {
        let exchange = "x-\(UUID().uuidString)"
        let instance = try ServiceInstance(settings: [
            "MEDIA_AMQP_URL": broker.url, "MEDIA_AMQP_QUEUE": queue, "MEDIA_AMQP_EXCHANGE": exchange,
            "MEDIA_AMQP_QUEUE_ARGUMENTS": "x-message-ttl=600000,x-max-retries=3",
        ])
        let client = try instance.client()
        try platform("subscribe", exchange, "media.#")
        let records = try (0..<5).map { try client.upload(Samples.text("e"), name: "\($0).txt", user: "events").id }
        func patch(_ titles: Range<Int>) throws {
            for title in titles {
                for record in records {
                    let answer = try client.patch("/v1/media/\(record)", #"{"title":"\#(title)"}"#)
                    try #require(answer.status == 200)
                }
            }
        }
        // Nobody is there to send them.
        try patch(0..<10)
        var bridge = try instance.startBridge()
        #expect(eventually { ((try? platform("events"))?.array?.count ?? 0) == 60 })
        broker.stop()
        try patch(10..<14)
        try broker.start()
        try patch(14..<18)
        for title in 18..<21 {
            bridge.stop(SIGKILL)
            try patch(title..<title + 1)
            bridge = try instance.startBridge()
            usleep(300_000)
        }
        #expect(eventually(within: 20) { ((try? platform("events"))?.array?.count ?? 0) >= 115 })
        #expect(try client.delete("/v1/media/\(records[0])").status == 200)
        #expect(eventually { (try? platform("events"))?.array?.last?.text("pattern") == "media.deleted" })
        let events = try platform("events").array ?? []
        for record in records {
            let mine = events.filter { $0["data"]?.id == record }
            #expect(mine.prefix(2).map { $0.text("pattern") } == ["media.created", "media.ready"])
            let titles = mine.dropFirst(2).filter { $0.text("pattern") == "media.updated" }
            #expect(titles.map { $0["data"]?.text("title") } == (0..<21).map { "\($0)" })
        }
        #expect(bridge.stop(SIGTERM, within: 10))
        let left = try instance.connection().query("SELECT COUNT(*) FROM outbox") { (row) throws(MariaDBError) in
            try row.integer(0)
        }
        #expect(left == [0])
    }

    @Test("MariaDB away: requests are answered with 503, events wait")
    func databaseAway() throws {
        let server = try PrivateMariaDB()
        let instance = try ServiceInstance(
            settings: [
                "MEDIA_AMQP_URL": broker.url, "MEDIA_AMQP_QUEUE": "away-\(UUID().uuidString)",
                "MEDIA_DATABASE_CONNECT_TIMEOUT": "1",
                "MEDIA_AMQP_QUEUE_ARGUMENTS": "x-message-ttl=600000,x-max-retries=3",
            ], mariaDB: server)
        let bridge = try instance.startBridge()
        func find() throws -> JSON {
            try Self.platform(broker, instance.setting("MEDIA_AMQP_QUEUE"), ["find", "c000000000000000000000000"])
        }
        #expect(try find()["err"]?["statusCode"] == .integer(404))
        server.kill()
        #expect(try find()["err"]?["statusCode"] == .integer(503))
        try server.start()
        #expect(eventually(within: 20) { (try? find())?["err"]?["statusCode"] == .integer(404) })
        #expect(bridge.stop(SIGTERM, within: 10))
    }

    @Test("TLS: a broker whose certificate is known is used, another one isn't, nor one that its address alone names")
    func encrypted() throws {
        func url(_ host: String) -> String { "amqps://guest:guest@\(host):\(broker.tlsPort)" }
        let other = try Certificate(in: instance.folders.state)
        for (url, authority, isTrusted) in [
            (url("localhost"), broker.certificate.certificate, true), (url("localhost"), other.certificate, false),
            // librabbitmq compares names only.
            (url("127.0.0.1"), broker.certificate.certificate, false),
        ] {
            let queue = "tls-\(UUID().uuidString)"
            let instance = try ServiceInstance(settings: [
                "MEDIA_AMQP_URL": url, "MEDIA_AMQP_CA": authority, "MEDIA_AMQP_QUEUE": queue,
                "MEDIA_AMQP_QUEUE_ARGUMENTS": "x-message-ttl=600000,x-max-retries=3",
            ])
            let bridge = try instance.startBridge()
            if isTrusted {
                let answer = try Self.platform(broker, queue, ["find", "c000000000000000000000000"])
                #expect(answer["err"]?["statusCode"] == .integer(404), "\(instance.folders.log("bridge.log"))")
            } else {
                #expect(eventually { instance.folders.log("bridge.log").contains("the broker is lost") })
                #expect(!instance.folders.log("bridge.log").contains("connected to the broker"))
            }
            #expect(bridge.isRunning && bridge.stop(SIGTERM, within: 10))
        }
    }

    @Test("50 MB as a Buffer's numbers take much less than ten times that")
    func large() throws {
        let bridge = try instance.startBridge()
        #expect(try platform("large", "1000000")["response"]?["size"] == .integer(1_000_000))
        let before = ProcessTable.peakBytes(of: bridge.pid)
        let answer = try platform("large", "50000000")
        #expect(answer["response"]?["size"] == .integer(50_000_000), "\(answer.text.prefix(500))")
        let peak = ProcessTable.peakBytes(of: bridge.pid) - before
        // 178 MB of text, 50 MB of bytes, and what growing them takes.
        #expect(peak < 350_000_000, "\(peak)")
        let tooLong = try platform("large", "60000000")
        #expect(tooLong["err"]?["statusCode"] == .integer(413), "\(tooLong.text.prefix(500))")
        #expect(bridge.stop(SIGTERM, within: 10))
    }
}
