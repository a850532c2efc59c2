import Foundation
import MediaCore
import MediaTesting
import Synchronization
import Testing

/// NestJS's TCP transport, as its client speaks it.
struct NestTCPTests {
    private let instance: ServiceInstance
    private let client: HTTPClient
    private let port: Int
    private let bridge: ChildProcess

    init() throws {
        instance = try ServiceInstance(settings: ["MEDIA_CLIENT_TIMEOUT": "2", "MEDIA_TCP_CONNECTIONS": "40"])
        client = try instance.client()
        port = try Port.free()
        bridge = try instance.startBridge("--tcp", "127.0.0.1:\(port)")
        let port = port
        #expect(eventually { (try? RawConnection(port: port, timeout: 1)) != nil })
    }

    private static func frame(_ json: String) -> [UInt8] { Array("\(json.utf16.count)#\(json)".utf8) }

    /// Reads frames until there are so many.
    private func read(_ count: Int, from connection: RawConnection) -> [JSON] {
        var text = ""
        var bytes: [UInt8] = []
        var found: [JSON] = []
        while found.count < count {
            let more = connection.readSome()
            if more.isEmpty { break }
            bytes += more
            guard let all = String(validating: bytes, as: UTF8.self) else { continue }
            text += all
            bytes = []
            while let mark = text.firstIndex(of: "#"), let length = Int(text[..<mark]) {
                let json = Array(text[text.index(after: mark)...].utf16)
                guard json.count >= length else { break }
                found.append(
                    (try? JSONParser.parse(Array(String(decoding: json[..<length], as: UTF16.self).utf8))) ?? .null)
                text = String(decoding: json[length...], as: UTF16.self)
            }
        }
        return found
    }

    private func find(_ id: String, _ number: Int) -> [UInt8] {
        Self.frame(#"{"pattern":"{\"cmd\":\"media.findOne\"}","data":"\#(id)","id":"\#(number)"}"#)
    }

    @Test("a packet with characters beyond the BMP, split at every byte, is answered")
    func split() throws {
        let data = #"{"buffer":"aGVsbG8=","originalName":"👩‍🎓 Übung 𝒳.txt","mimeType":"text/plain","userId":"u"}"#
        let bytes = Self.frame(#"{"pattern":"upload_file","data":\#(data),"id":"1"}"#)
        let connection = try RawConnection(port: port, timeout: 10)
        for byte in bytes { try connection.send([byte]) }
        let media = try #require(read(1, from: connection).first?["response"])
        #expect(media.text("originalName") == "👩‍🎓 Übung 𝒳.txt")
        #expect(try client.get("/m/\(media.id)").text == "hello")
        try connection.send(find(media.id, 2) + find(media.id, 3) + find("c", 4))
        let answers = read(3, from: connection)
        #expect(Set(answers.map { $0.text("id") }) == ["2", "3", "4"])
        #expect(answers.filter { $0["response"] == media }.count == 2)
        #expect(answers.filter { $0["err"]?["statusCode"] == .integer(404) }.count == 1)
    }

    @Test("many connections with many packets at once: each gets its own answers")
    func many() throws {
        let media = try client.upload(Samples.text("tcp"), name: "a.txt", user: "u")
        let threads = ThreadGroup()
        let wrong = Mutex<[String]>([])
        for connectionNumber in 0..<30 {
            threads.start {
                guard let connection = try? RawConnection(port: port) else {
                    return wrong.withLock { $0.append("none") }
                }
                let numbers = (0..<50).map { connectionNumber * 1000 + $0 }
                try? connection.send(numbers.flatMap { find(media.id, $0) })
                let ids = Set(read(50, from: connection).map { $0["response"] == media ? $0.text("id") : "wrong" })
                if ids != Set(numbers.map(String.init)) { wrong.withLock { $0.append("\(connectionNumber): \(ids)") } }
            }
        }
        threads.wait()
        #expect(wrong.withLock { $0 } == [])
    }

    @Test(
        "broken, half and silent peers are closed, and nobody else notices", arguments: ["x#{}", "5#{}", "2000000000#"])
    func broken(text: String) throws {
        let media = try client.upload(Samples.text(text), name: "a.txt", user: "u")
        let peer = try RawConnection(port: port, timeout: 8)
        try peer.send(text)
        #expect(peer.readAll().isEmpty)
        let other = try RawConnection(port: port)
        try other.send(find(media.id, 1))
        #expect(read(1, from: other).first?["response"] == media)
        try other.send(Self.frame("no packet"))
        #expect(read(1, from: other).first?["err"]?["statusCode"] == .integer(400))
    }

    @Test("a peer that takes no answers is given up; one that is idle isn't")
    func slow() throws {
        let media = try client.upload(
            Samples.text("slow"), name: "a.txt", user: "u",
            query: "metadata=%7B%22a%22%3A%22\(String(repeating: "x", count: 6000))%22%7D")
        let idle = try RawConnection(port: port)
        let slow = try RawConnection(port: port, timeout: 1)
        let ask = find(media.id, 1)
        for _ in 0..<3000 { guard (try? slow.send(ask)) != nil else { break } }
        let log = instance.folders
        #expect(eventually(within: 20) { log.log("bridge.log").contains("stood still") })
        try idle.send(find(media.id, 2))
        #expect(read(1, from: idle).first?["response"] == media)
    }

    @Test("more connections than there may be are closed at once, and SIGTERM finishes what is in hand")
    func limits() throws {
        let media = try client.upload(Samples.text("limits"), name: "a.txt", user: "u")
        let connections = try (0..<40).map { _ in try RawConnection(port: port) }
        let isFull = eventually { (try? RawConnection(port: port, timeout: 1))?.readAll().isEmpty == true }
        #expect(isFull)
        let answers = Mutex<[JSON]>([])
        let threads = ThreadGroup()
        try connections[0].send((0..<200).flatMap { find(media.id, $0) })
        let reader = connections[0]
        nonisolated(unsafe) let shared = reader
        threads.start { answers.withLock { $0 = read(200, from: shared) } }
        _ = eventually { instance.folders.log("bridge.log").contains("bridge started") }
        #expect(bridge.stop(SIGTERM, within: 10))
        threads.wait()
        // What was read is answered, and nothing is answered by halves.
        #expect(answers.withLock { $0 }.allSatisfy { $0["response"] == media })
    }
}
