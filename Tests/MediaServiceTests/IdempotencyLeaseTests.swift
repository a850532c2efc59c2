import Glibc
import MediaCore
import MediaDatabase
import MediaTesting
import Synchronization
import Testing

/// Two tries of one request that know nothing of each other.
struct IdempotencyLeaseTests {
    @Test("a try that takes too long is taken over, and undone where it comes to its end after all")
    func overtaken() throws {
        // A lease ends with the time of a short request.
        let instance = try ServiceInstance(settings: ["MEDIA_API_TIMEOUT": "1"])
        let client = try instance.client()
        let bytes = Samples.text("overtaken")
        let record = try client.upload(bytes, name: "a.txt", user: "other")
        let answers = Mutex<[HTTPResponse]>([])
        @Sendable func upload() {
            let answer = try? client.post(
                "/v1/media?name=a.txt&userId=u", headers: ["Idempotency-Key": "k"], .bytes(bytes))
            if let answer { answers.withLock { $0.append(answer) } }
        }
        let tries = ThreadGroup()
        try instance.connection().transaction { connection in
            // Both come to wait for the blob, in their transactions.
            let isLocked = try BlobRepository(connection).findForUpdate(record.text("sha256"))
            #expect(isLocked != nil)
            tries.start { upload() }
            usleep(1_300_000)
            tries.start { upload() }
            usleep(700_000)
            #expect(answers.withLock { $0.isEmpty })
        }
        tries.wait()
        let statuses = answers.withLock { $0 }.map(\.status).sorted()
        #expect(statuses == [201, 409])
        answers.withLock { $0.first { $0.status == 409 } }?.expectProblem(409, "idempotency_in_progress")
        #expect(try client.get("/v1/users/u/media").json["total"] == .integer(1))
        #expect(try StoreInvariants.violations(instance) == [])
    }

    @Test("what is no key is refused before an upload's body is received")
    func early() throws {
        let instance = try SharedInstance.instance()
        let connection = try RawConnection(port: instance.port, timeout: 5)
        try connection.send(
            "POST /v1/media?name=a.mp4&userId=u HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                + "Authorization: Bearer \(try SharedInstance.client().key ?? "")\r\nIdempotency-Key: a b\r\n"
                + "Content-Length: 1000000\r\n\r\n")
        try connection.response().expectProblem(400, field: "Idempotency-Key")
    }
}
