import Foundation
import MediaCore
import MediaDatabase
import MediaTesting
import Testing

/// Events by HTTP, to a receiver that checks them with the Standard Webhooks project's own library.
struct WebhookTests {
    private let instance: ServiceInstance
    private let client: HTTPClient
    private let receiver: WebhookReceiver

    init() throws {
        instance = try ServiceInstance(settings: ["MEDIA_WEBHOOK_MAX_PAUSE": "1", "MEDIA_WEBHOOK_TIMEOUT": "2"])
        client = try instance.client()
        receiver = try WebhookReceiver()
    }

    /// - Returns: its id and its secret.
    private func addWebhook(_ more: String...) throws -> (id: String, secret: String) {
        let output = try Command.run(
            ServiceFolders.mediad, ["webhook", "add", receiver.url] + more, environment: instance.environment)
        let words = output.split(whereSeparator: \.isWhitespace).map(String.init)
        return (try #require(words.first), try #require(words.last))
    }

    private func webhook(_ arguments: [String]) throws -> Command {
        try Command(ServiceFolders.mediad, ["webhook"] + arguments, environment: instance.environment)
    }

    private func upload(_ name: String) throws -> JSON {
        try client.upload(Samples.text(name), name: "\(name).txt", user: "hooks")
    }

    private func patch(_ id: String, _ title: String) throws {
        let answer = try client.patch("/v1/media/\(id)", #"{"title":"\#(title)"}"#)
        try #require(answer.status == 200, "\(answer.text)")
    }

    private func log(_ id: String) throws -> [String] {
        try instance.mediad("webhook", "log", id).split(separator: "\n").map(String.init)
    }

    @Test("each change is told, signed, with the record as it is then")
    func changes() throws {
        let (_, secret) = try addWebhook()
        try receiver.start(secret, "whsec_" + Data(repeating: 1, count: 32).base64EncodedString())
        try instance.startHousekeeper()
        let media = try upload("changes")
        try patch(media.id, "one")
        // Nothing changes, so there is nothing to tell.
        try patch(media.id, "one")
        let refused = try client.send(
            "PATCH", "/v1/media/\(media.id)", headers: ["If-Match": "\"0\"", "Content-Type": "application/json"],
            .text(#"{"title":"two"}"#))
        refused.expectProblem(412)
        _ = try client.send("PUT", "/v1/media/\(media.id)/file?name=b.txt", .bytes(Samples.text("another")))
        #expect(try client.delete("/v1/media/\(media.id)").status == 200)
        #expect(try client.post("/v1/media/\(media.id)/restore", .none).status == 200)
        #expect(try client.delete("/v1/media/\(media.id)?hard=true").status == 200)
        let kinds = ["created", "ready", "updated", "updated", "deleted", "ready", "deleted"].map { "media.\($0)" }
        #expect(eventually { receiver.requests.count >= kinds.count })
        let requests = receiver.requests
        #expect(requests.map(\.type) == kinds)
        #expect(requests.allSatisfy { $0.signed == [true, false] && $0.contentType == "application/json" })
        #expect(requests.allSatisfy { $0.data.id == media.id && Timestamp(iso8601: $0.event.text("timestamp")) != nil })
        #expect(requests[0].data == media && requests[1].data == media)
        #expect(requests[2].data.text("title") == "one" && requests[3].data.text("originalName") == "b.txt")
        #expect(requests.map { $0.data.text("status") }.suffix(3) == ["DELETED", "READY", "DELETED"])
        #expect(Set(requests.map(\.id)).count == kinds.count)
    }

    @Test("a receiver that is down gets everything when it is back, in order for each record; work is killed meanwhile")
    func outage() throws {
        let (id, secret) = try addWebhook()
        try instance.startHousekeeper()
        let records = try (0..<5).map { try upload("outage \($0)").id }
        for round in 0..<10 {
            for record in records { try patch(record, "title \(round)") }
            if round % 3 == 0 {
                instance.housekeeper?.stop(SIGKILL)
                try instance.startHousekeeper()
            }
        }
        #expect(eventually { (try? instance.mediad("webhook", "list"))?.contains("times in a row") == true })
        #expect(try log(id).first?.contains("onnect") == true)
        try receiver.answer(#"{"status": 503}"#)
        try receiver.start(secret)
        #expect(eventually { receiver.requests.contains { $0.status == 503 } })
        try receiver.answer("{}")
        // Work dies while events are on their way, too.
        #expect(eventually { receiver.taken.count > 5 })
        instance.housekeeper?.stop(SIGKILL)
        try instance.startHousekeeper()
        #expect(eventually(within: 20) { receiver.taken.count >= 60 })
        for record in records {
            let titles = receiver.taken.filter { $0.data.id == record }.map { $0.data.text("title") }
            #expect(titles == ["", ""] + (0..<10).map { "title \($0)" })
        }
        #expect(eventually { (try? instance.mediad("webhook", "list"))?.contains("0 events wait") == true })
    }

    @Test("an event that the receiver refuses holds up its record and no other; given up, the record goes on; replayed")
    func refused() throws {
        let (id, secret) = try addWebhook("--events", "media.created,media.updated")
        let (first, second) = (try upload("refused").id, try upload("taken").id)
        try receiver.answer(#"{"status": 422, "media": "\#(first)"}"#)
        try receiver.start(secret)
        try instance.startHousekeeper()
        try patch(first, "a")
        for title in ["b", "c", "d"] { try patch(second, title) }
        #expect(eventually { receiver.taken.count == 4 })
        #expect(receiver.taken.map { $0.data.text("title") } == ["", "b", "c", "d"])
        #expect(eventually { receiver.requests.filter { $0.status == 422 }.count >= 2 })
        #expect(Set(receiver.requests.filter { $0.status == 422 }.map(\.type)) == ["media.created"])
        #expect(try instance.mediad("webhook", "log", id, "--failed").contains("answers 422: no,\u{FFFD}[31m thanks"))
        // As if its time were over.
        try instance.connection().transaction { connection in
            try connection.execute(
                "UPDATE outbox SET queued_at = '2020-01-01' WHERE type = 'media.created' AND settled_at IS NULL")
        }
        try instance.mediad("work", "--once")
        #expect(eventually { receiver.requests.contains { $0.status == 422 && $0.type == "media.updated" } })
        try receiver.answer("{}")
        #expect(eventually { receiver.taken.last?.data.text("title") == "a" })
        #expect(try instance.mediad("webhook", "replay", id, "--since", "2020-01-01", "--given-up").hasPrefix("1 "))
        #expect(eventually { receiver.taken.count == 6 })
        #expect(receiver.taken.last?.type == "media.created")
        // All of them again: the receiver knows them by their ids.
        #expect(try instance.mediad("webhook", "replay", id, "--since", "2020-01-01").hasPrefix("6 "))
        #expect(eventually { receiver.requests.filter { $0.status == 200 }.count == 12 })
        #expect(receiver.taken.count == 6)
        let event = try #require(receiver.taken.first?.id)
        #expect(try instance.mediad("webhook", "replay", id, "--event", event).hasPrefix("1 "))
        #expect(eventually { receiver.requests.filter { $0.id == event }.count == 3 })
    }

    @Test("two works send nothing twice, and of one record one event at a time, also where the receiver is slow")
    func together() throws {
        let (_, secret) = try addWebhook("--events", "media.updated")
        try receiver.answer(#"{"delay": 60}"#)
        try receiver.start(secret)
        try instance.startHousekeeper()
        let other = try instance.startSecondHousekeeper()
        let records = try (0..<3).map { try upload("together \($0)").id }
        for round in 0..<15 { for record in records { try patch(record, "title \(round)") } }
        #expect(eventually(within: 20) { receiver.taken.count == 45 })
        #expect(receiver.requests.count == 45)
        for record in records {
            let mine = receiver.requests.filter { $0.data.id == record }
            #expect(mine.map { $0.data.text("title") } == (0..<15).map { "title \($0)" })
            #expect(zip(mine, mine.dropFirst()).allSatisfy { $0.time.upperBound <= $1.time.lowerBound })
        }
        // Of different records at the same time.
        let times = receiver.requests.sorted { $0.time.lowerBound < $1.time.lowerBound }.map(\.time)
        #expect(zip(times, times.dropFirst()).contains { $0.overlaps($1) })
        #expect(other.isRunning)
    }

    @Test("a receiver that is gone disables its webhook; a redirect isn't followed; Retry-After is heeded")
    func endings() throws {
        let (id, secret) = try addWebhook()
        try receiver.start(secret)
        try instance.startHousekeeper()
        try receiver.answer(#"{"status": 307}"#)
        _ = try upload("endings")
        #expect(eventually { (try? log(id).first?.contains("answers 307")) == true })
        try receiver.answer(#"{"status": 429, "retryAfter": 86400}"#)
        #expect(eventually { receiver.requests.last?.status == 429 })
        // No longer than the setting allows. A terminal is told nothing by the receiver.
        try receiver.answer("{}")
        #expect(eventually { receiver.taken.count == 2 })
        try receiver.answer(#"{"status": 410}"#)
        _ = try upload("gone")
        #expect(eventually { (try? instance.mediad("webhook", "list"))?.contains("disabled since") == true })
        let count = receiver.requests.count
        try receiver.answer("{}")
        _ = try upload("not told")
        try instance.mediad("webhook", "enable", id)
        #expect(eventually { receiver.taken.count == 4 })
        #expect(receiver.taken.suffix(2).allSatisfy { $0.data.text("originalName") == "gone.txt" })
        #expect(receiver.requests.count == count + 2)
    }

    @Test("a receiver that hangs holds up no writer, also when its webhook is removed; what is left of it goes")
    func hanging() throws {
        let (id, secret) = try addWebhook()
        try receiver.answer(#"{"delay": 1900}"#)
        try receiver.start(secret)
        try instance.startHousekeeper()
        let record = try upload("hanging").id
        #expect(eventually { (try? receiver.begun) == 1 })
        let begin = ContinuousClock.now
        try instance.mediad("webhook", "remove", id)
        for title in ["a", "b", "c"] { try patch(record, title) }
        #expect(begin.duration(to: .now) < .seconds(5))
        // As if the command had died on its way.
        try instance.connection().transaction { connection in
            try connection.execute(
                """
                INSERT INTO outbox (target_id, event_id, type, media_id, data, created_at, queued_at)
                VALUES (\(id), 'evt_x', 'media.updated', '\(record)', '{}', NOW(3), NOW(3))
                """)
        }
        try instance.mediad("work", "--once")
        let left = try instance.connection().query("SELECT COUNT(*) FROM outbox") { (row) throws(MariaDBError) in
            try row.integer(0)
        }
        #expect(left == [0])
    }

    @Test("one slow answer holds up nobody else; work that is stopped writes down what was answered")
    func slow() throws {
        let secret = try addWebhook("--events", "media.updated").secret
        let (slow, others) = (try upload("slow").id, try (0..<5).map { try upload("other \($0)").id })
        try receiver.answer(#"{"delay": 1800, "media": "\#(slow)"}"#)
        try receiver.start(secret)
        try instance.startHousekeeper()
        try patch(slow, "slow")
        #expect(eventually { (try? receiver.begun) == 1 })
        for record in others { try patch(record, "quick") }
        #expect(eventually { receiver.requests.count == 5 })
        #expect(receiver.requests.allSatisfy { $0.data.id != slow })
        #expect(instance.housekeeper?.stop(SIGTERM, within: 10) == true)
        #expect(receiver.requests.count == 6)
        try instance.startHousekeeper()
        try patch(others[0], "last")
        #expect(eventually { receiver.requests.last?.data.text("title") == "last" })
        #expect(receiver.requests.count == 7)
    }

    @Test("one that refuses everything, as without a right, is no reason to let events wait for hours")
    func refusesAll() throws {
        let (id, secret) = try addWebhook("--events", "media.created")
        try receiver.answer(#"{"status": 401}"#)
        try receiver.start(secret)
        try instance.startHousekeeper()
        for number in 0..<10 { _ = try upload("refuses \(number)") }
        #expect(eventually { receiver.requests.count >= 6 })
        // Each of them is asked for alone by then, at most once a second.
        let count = receiver.requests.count
        sleep(2)
        #expect(receiver.requests.count <= count + 4)
        try receiver.answer("{}")
        try instance.mediad("webhook", "retry", id)
        #expect(eventually(within: 5) { receiver.taken.count == 10 })
    }

    @Test("commands: what is wrong is said; test, rotate, disable, remove")
    func commands() throws {
        for (arguments, reason) in [
            (["add", "ftp://example.org/"], "must start with https"), (["add", "http://example.org/"], "use https"),
            (["add", "https://user:secret@example.org/"], "user or a password"),
            (["add", "https://example.org/", "--events", "media.flown"], "there is no event 'media.flown'"),
            (["test", "99"], "there is no webhook 99"), (["log", "99"], "there is no webhook 99"),
            (["remove", "99"], "there is no webhook 99"), (["replay", "1"], "say either"),
            (["replay", "1", "--since", "yesterday"], "is no moment"), (["rotate", "x"], "invalid"),
        ] {
            let result = try webhook(arguments)
            #expect(result.status != 0 && result.errors.contains(reason), "\(arguments) \(result.errors)")
        }
        let (id, secret) = try addWebhook()
        let down = try webhook(["test", id])
        #expect(down.status != 0 && down.text.contains("onnect"), "\(down.text) \(down.errors)")
        let other = try instance.mediad("webhook", "rotate", id)
        try receiver.start(secret, other)
        #expect(try instance.mediad("webhook", "test", id).hasPrefix("answers 200"))
        #expect(receiver.requests.map(\.signed) == [[true, true]] && receiver.requests[0].type == "webhook.test")
        // The old one holds for a day.
        try instance.connection().transaction { connection in
            try connection.execute("UPDATE webhooks SET old_secret_until = '2020-01-01'")
        }
        try instance.mediad("webhook", "test", id)
        #expect(receiver.requests.last?.signed == [false, true])
        try instance.mediad("webhook", "disable", id)
        _ = try upload("while disabled")
        try instance.mediad("webhook", "enable", id)
        try instance.startHousekeeper()
        let media = try upload("while enabled")
        #expect(eventually { receiver.taken.last?.data == media })
        #expect(!receiver.requests.contains { $0.data.text("originalName") == "while disabled.txt" })
        try instance.mediad("webhook", "remove", id)
        let left = try instance.connection().query("SELECT COUNT(*) FROM outbox") { (row) throws(MariaDBError) in
            try row.integer(0)
        }
        #expect(left == [0])
        #expect(try instance.mediad("webhook", "list").isEmpty)
        let actions = try instance.mediad("audit")
        for action in ["webhook.add", "webhook.rotate", "webhook.disable", "webhook.enable", "webhook.remove"] {
            #expect(actions.contains(action))
        }
    }
}
