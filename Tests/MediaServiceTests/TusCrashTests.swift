import Foundation
import MediaCore
import MediaDatabase
import MediaTesting
import Testing

/// Resumable uploads whose client, worker, database or host goes away.
struct TusCrashTests {
    private let instance: ServiceInstance
    private let client: HTTPClient

    init() throws {
        instance = try ServiceInstance(settings: ["MEDIA_UPLOAD_GRACE": "2", "MEDIA_USER_MAX_UPLOADS": "3"])
        client = try instance.client()
    }

    /// A request that brings bytes, as far as it is sent.
    private func startPatch(
        _ url: String, at offset: Int, _ bytes: [UInt8], announced: Int, to other: (ServiceInstance, HTTPClient)? = nil
    ) throws -> RawConnection {
        let (instance, client) = other ?? (instance, client)
        let path = url.dropFirst(instance.baseURL.count)
        let connection = try RawConnection(port: instance.port)
        try connection.send(
            """
            PATCH \(path) HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(client.key ?? "")\r\nTus-Resumable: 1.0.0\r\n\
            Upload-Offset: \(offset)\r\nContent-Type: application/offset+octet-stream\r\nContent-Length: \(announced)\r\n\r\n
            """)
        try connection.send(bytes)
        return connection
    }

    private func fileSize(_ url: String) -> Int {
        let path = "\(instance.folders.store)/partial/\(url.split(separator: "/").last ?? "")"
        return ((try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? Int) ?? -1
    }

    private func setBoot(_ url: String) throws {
        // As if the host had been started anew since.
        try instance.connection().transaction { connection in
            try connection.execute(
                "UPDATE resumable_uploads SET boot = ? WHERE id = ?",
                [.bytes([UInt8](repeating: 7, count: 16)), .text(String(url.split(separator: "/").last ?? ""))])
        }
    }

    @Test("a client that breaks off: what has come stays, and another connection goes on from there")
    func brokenOff() throws {
        let bytes = Samples.mp4("broken off", size: 500_000)
        let url = try client.beginUpload(bytes.count)
        do {
            let connection = try startPatch(url, at: 0, Array(bytes[..<300_000]), announced: bytes.count)
            #expect(eventually { fileSize(url) > 200_000 })
            connection.finish()
        }
        #expect(try client.offset(url) == 300_000)
        let rest = try client.patchUpload(url, at: 300_000, Array(bytes[300_000...]))
        #expect(try client.uploadedFile(rest) == bytes)
    }

    @Test("a client that is gone without a word holds nobody up: whoever asks next has the upload")
    func takenOver() throws {
        let bytes = Samples.mp4("taken over", size: 500_000)
        let url = try client.beginUpload(bytes.count)
        let silent = try startPatch(url, at: 0, Array(bytes[..<200_000]), announced: bytes.count)
        #expect(eventually { fileSize(url) >= 131_072 })
        let begin = ContinuousClock.now
        #expect(try client.offset(url) == 200_000)
        #expect(begin.duration(to: .now) < .seconds(4))
        let next = try client.patchUpload(url, at: 200_000, Array(bytes[200_000..<400_000]))
        #expect(next.status == 204)
        // What the first one sends now is nobody's any more.
        try? silent.send([UInt8](repeating: 0, count: 100_000))
        let rest = try client.patchUpload(url, at: 400_000, Array(bytes[400_000...]))
        #expect(try client.uploadedFile(rest) == bytes)
    }

    @Test("a client that sends byte after byte gets an answer with what has come, and its thread is free")
    func trickle() throws {
        let instance = try ServiceInstance(settings: ["MEDIA_STREAM_STALL": "2"])
        let client = try instance.client()
        let bytes = Samples.mp4("trickle", size: 500_000)
        let url = try client.beginUpload(bytes.count)
        let connection = try startPatch(
            url, at: 0, Array(bytes[..<200_000]), announced: bytes.count, to: (instance, client))
        for byte in bytes[200_000..<200_050] {
            usleep(100_000)
            try connection.send([byte])
        }
        let answer = String(decoding: connection.readSome(), as: UTF8.self)
        #expect(answer.hasPrefix("HTTP/1.1 204 "), "\(answer)")
        let offset = try client.offset(url)
        #expect(offset >= 200_000 && answer.lowercased().contains("upload-offset: \(offset)\r\n"))
        let rest = try client.patchUpload(url, at: offset, Array(bytes[offset...]))
        #expect(try client.uploadedFile(rest) == bytes)
    }

    @Test("workers killed in the middle of a request: offset and bytes agree, and none that had come is lost")
    func killed() throws {
        let bytes = Samples.mp4("killed", size: 4_000_000)
        let url = try client.beginUpload(bytes.count)
        var offset = 0
        for _ in 0..<3 {
            let connection = try startPatch(
                url, at: offset, Array(bytes[offset..<offset + 1_000_000]), announced: bytes.count - offset)
            #expect(eventually { fileSize(url) >= offset + 900_000 })
            let written = fileSize(url)
            for worker in instance.workers { kill(worker, SIGKILL) }
            connection.finish()
            offset = try eventuallyOffset(url)
            #expect(offset >= written && offset == fileSize(url))
        }
        let rest = try client.patchUpload(url, at: offset, Array(bytes[offset...]))
        #expect(try client.uploadedFile(rest) == bytes)
    }

    private func eventuallyOffset(_ url: String) throws -> Int {
        #expect(eventually(within: 20) { (try? client.headUpload(url))?.status == 200 })
        return try client.offset(url)
    }

    @Test("a host that loses its power: what was not durable may be anything, and is sent again")
    func powerCut() throws {
        let bytes = Samples.mp4("power", size: 300_000)
        let url = try client.beginUpload(bytes.count)
        #expect(try client.patchUpload(url, at: 0, Array(bytes[..<100_000])).status == 204)
        let path = "\(instance.folders.store)/partial/\(url.split(separator: "/").last ?? "")"
        let handle = try #require(FileHandle(forWritingAtPath: path))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data(count: 50_000))
        try setBoot(url)
        #expect(try client.offset(url) == 100_000 && fileSize(url) == 100_000)
        // Within one boot what lies there is whole.
        try #require(FileHandle(forWritingAtPath: path)).close()
        let rest = try client.patchUpload(url, at: 100_000, Array(bytes[100_000...]))
        #expect(try client.uploadedFile(rest) == bytes)
    }

    @Test("MariaDB restarted in the middle of a request: it goes on, or says so and is gone on with")
    func database() throws {
        let server = try PrivateMariaDB()
        let instance = try ServiceInstance(mariaDB: server)
        let client = try instance.client()
        let bytes = Samples.mp4("database", size: 40_000_000)
        let url = try client.beginUpload(bytes.count)
        let group = ThreadGroup()
        group.start {
            _ = try? client.send(
                "PATCH", url,
                headers: [
                    "Tus-Resumable": "1.0.0", "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream",
                ], .bytes(bytes), curl: ["--limit-rate", "20M"])
        }
        usleep(700_000)
        try server.restart()
        group.wait()
        #expect(eventually(within: 20) { (try? client.headUpload(url))?.status == 200 })
        var answer = try client.headUpload(url)
        let offset = try #require(answer["Upload-Offset"].flatMap { Int($0) })
        if offset < bytes.count { answer = try client.patchUpload(url, at: offset, Array(bytes[offset...])) }
        #expect(try client.uploadedFile(answer) == bytes)
    }

    @Test("two clients at one upload, again and again: it ends as one file, with nothing twice")
    func rivals() throws {
        let bytes = Samples.mp4("rivals", size: 2_000_000)
        let url = try client.beginUpload(bytes.count)
        ThreadGroup.run(2) { _ in
            for _ in 0..<60 {
                guard let head = try? client.headUpload(url), head.status == 200,
                    let offset = head["Upload-Offset"].flatMap({ Int($0) })
                else { continue }
                if offset == bytes.count { return }
                _ = try? client.patchUpload(url, at: offset, Array(bytes[offset..<min(offset + 150_000, bytes.count)]))
            }
        }
        #expect(try client.uploadedFile(client.headUpload(url)) == bytes)
        #expect(try client.get("/v1/users/tus/media").json["total"] == .integer(1))
    }

    @Test("what nobody goes on with expires and goes; so do files without an upload; limits hold")
    func expiry() throws {
        let url = try client.beginUpload(1000, user: "expiry")
        #expect(try client.patchUpload(url, at: 0, [1, 2, 3]).status == 204)
        for _ in 0..<2 { _ = try client.beginUpload(1000, user: "expiry") }
        try client.createUpload(1000, user: "expiry").expectProblem(429, "too_many_uploads")
        _ = try client.beginUpload(1000, user: "another")
        try instance.connection().transaction { connection in
            try connection.execute("UPDATE resumable_uploads SET expires_at = '2020-01-01' WHERE user_id = 'expiry'")
        }
        try client.patchUpload(url, at: 3, [4]).expectProblem(410, "upload_expired")
        let path = "\(instance.folders.store)/partial/c000000000000000000000000"
        try Data("left".utf8).write(to: URL(filePath: path))
        sleep(4)
        try instance.mediad("work", "--once")
        #expect(instance.folders.files("partial").count == 1)
        try client.get(url).expectProblem(404)
        _ = try client.beginUpload(1000, user: "expiry")
    }

    @Test("slow uploads, as many as come, hold up neither short requests nor whole uploads")
    func slowCrowd() throws {
        var connections: [RawConnection] = []
        for number in 0..<200 {
            let url = try client.beginUpload(100_000, user: "crowd \(number)")
            connections.append(try startPatch(url, at: 0, [UInt8](repeating: 1, count: 1000), announced: 100_000))
        }
        let begin = ContinuousClock.now
        for _ in 0..<20 { #expect(try client.get("/v1/media?limit=1").status == 200) }
        _ = try client.upload(Samples.text("beside the crowd"), name: "a.txt", user: "beside")
        #expect(begin.duration(to: .now) < .seconds(5))
        #expect(connections.count == 200)
    }

    @Test("tuspy, the protocol's own client, in pieces of its own and by one client after the other")
    func tuspy() throws {
        let folder = try TemporaryFolder()
        let bytes = Samples.mp4("tuspy", size: 8_000_000)
        let path = try folder.file("video", bytes)
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "tus_client.py").path
        let url = try Command.run(
            TestTools.path("python3"), ["-B", script, "\(instance.baseURL)/v1/uploads", path, "700000", "4"],
            environment: ["MEDIA_API_KEY": client.key ?? ""])
        let head = try client.headUpload(url)
        #expect(try client.uploadedFile(head) == bytes)
        let media = try client.get("/v1/media/\(head["Media-Id"] ?? "")").json
        #expect(media.text("originalName") == "from tuspy é.mp4" && media.text("title") == "by tuspy")
    }
}
