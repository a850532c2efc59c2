import Foundation
import MediaCore
import MediaTesting
import Synchronization
import Testing

/// Clients that ask and don't take the answer, or send what nobody wants: the others notice nothing.
@Suite(.serialized) struct SlowReaderTests {
    @Test("more readers than there are threads, of long lists that they don't read, hold up nobody")
    func lists() throws {
        let instance = try ServiceInstance()
        let client = try instance.client()
        let metadata = String(repeating: "x", count: 8000)
        for number in 0..<100 {
            let made = try client.post(
                "/v1/media",
                .form([
                    .text("userId", "mallory"), .text("metadata", #"{"a":"\#(metadata)"}"#),
                    .file("f", name: "a.txt", type: nil, Samples.text("slow \(number)")),
                ]))
            try #require(made.status == 201, "\(made.text)")
        }
        let request =
            "GET /v1/users/mallory/media?limit=100 HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(client.key ?? "")\r\n\r\n"
        let readers = try (0..<40).map { _ in
            let reader = try RawConnection(port: instance.port)
            try reader.send(request)
            return reader
        }
        // Once the answers are made, which takes the tests' slow build some seconds; nginx waits for readers for thirty.
        let isFree = eventually(within: 20) {
            (try? client.send("GET", "/healthz", curl: ["--max-time", "1"]))?.status == 200
        }
        #expect(isFree)
        for _ in 0..<10 { #expect(try client.send("GET", "/healthz", curl: ["--max-time", "5"]).status == 200) }
        #expect(readers.count == 40)
    }

    @Test("bodies that nobody reads cost nobody else an answer")
    func unreadBodies() throws {
        let instance = try ServiceInstance()
        let client = try instance.client()
        let id = try client.upload(Samples.text("unread"), name: "a.txt", user: "u").id
        let isOver = Flag()
        let group = ThreadGroup()
        for number in 0..<4 {
            group.start {
                while !isOver.isSet {
                    if number % 2 == 0 {
                        _ = try? instance.anonymous.post("/v1/links", .text("{}"))
                    } else {
                        _ = try? instance.anonymous.post("/v1/media?name=a&userId=u", .text("hello"))
                    }
                }
            }
        }
        let statuses = try (0..<300).map { try client.patch("/v1/media/\(id)", #"{"title":"\#($0)"}"#).status }
        isOver.set()
        group.wait()
        #expect(statuses.allSatisfy { $0 == 200 }, "\(statuses.filter { $0 != 200 })")
        #expect(!instance.folders.log("nginx.log").contains("prematurely closed"))
    }

    @Test("a refused upload says that its connection ends with it")
    func refusedUpload() throws {
        let instance = try SharedInstance.instance()
        let connection = try RawConnection(port: instance.port, timeout: 5)
        try connection.send("POST /v1/media?name=a&userId=u HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n")
        let answer = String(decoding: connection.readSome(), as: UTF8.self)
        #expect(answer.hasPrefix("HTTP/1.1 401 ") && answer.contains("Connection: close"), "\(answer)")
        #expect(!answer.contains("Connection: keep-alive"))
    }

    @Test(
        "what nginx says to a refused upload that breaks off is a problem, too",
        arguments: ["zz\r\n", "200000\r\n" + String(repeating: "x", count: 0x200000) + "\r\n0\r\n\r\n"])
    func brokenChunks(body: String) throws {
        let instance = try SharedInstance.instance()
        let connection = try RawConnection(port: instance.port, timeout: 5)
        try connection.send(
            "POST /v1/media?name=a&userId=u HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        try? connection.send(body)
        let answer = String(decoding: connection.readSome(), as: UTF8.self)
        #expect(answer.contains("application/problem+json") && !answer.contains("<html"), "\(answer)")
    }
}

/// Something that is said to many threads once.
private final class Flag: Sendable {
    private let state = Mutex(false)

    var isSet: Bool { state.withLock { $0 } }

    func set() { state.withLock { $0 = true } }
}
