import Foundation
import MediaCore
import MediaDatabase
import MediaTesting
import Testing

/// Whoever makes files ready may be killed at any moment.
struct ProcessingCrashTests {
    @Test("mediad work killed again and again: each file is READY in the end, once, and nothing else is left")
    func killed() throws {
        let instance = try ServiceInstance(
            settings: [
                "MEDIA_PROCESSING": "on", "MEDIA_IMAGE_PRESETS": "thumb=80x80:cover,small=320",
                "MEDIA_VIDEO_SIZES": "240,360",
                "MEDIA_JOB_ATTEMPTS": "100", "MEDIA_JOB_PAUSE": "1", "MEDIA_PROCESSING_THREADS": "2",
                "MEDIA_UPLOAD_GRACE": "1", "MEDIA_HOUSEKEEPING_INTERVAL": "1", "MEDIA_JOBS_PER_USER": "10",
            ])
        let client = try instance.client()
        let files: [(String, [UInt8])] = [
            ("a.jpg", try Pictures.bytes("turned-6.jpg")), ("b.jpg", try Pictures.bytes("large.jpg")),
            ("c.png", try Pictures.bytes("clear.png")), ("d.mp4", try Films.bytes("silent.webm")),
            ("e.mp4", try Films.bytes("portrait.mp4")), ("f.mp3", try Films.bytes("song.mp3")),
            ("g.pdf", try Films.bytes("paper.pdf")),
        ]
        let media = try files.map { try client.upload($0.1, name: $0.0, user: "u", query: "isPublic=true") }
        for _ in 0..<14 {
            try instance.startHousekeeper()
            usleep(UInt32.random(in: 300_000...1_800_000))
            instance.housekeeper?.stop(SIGKILL)
        }
        try instance.startHousekeeper()
        for record in media {
            let isReady = try eventually(within: 90) {
                let state = try client.get("/v1/media/\(record.id)/processing").json
                return state.text("state") == "DONE" && state.text("status") == "READY"
            }
            let state = try client.get("/v1/media/\(record.id)/processing").text
            #expect(isReady, "\(state) \(instance.folders.log("work.log").suffix(2000))")
            for variant in try client.get("/v1/media/\(record.id)").json["variants"]?.array ?? [] {
                let path = String(variant.text("url").dropFirst(instance.baseURL.count))
                let file = try instance.anonymous.get(path)
                #expect(file.status == 200 && Int64(file.body.count) == variant["size"]?.integer, "\(variant.text)")
            }
        }
        // What attempts have left behind goes by itself.
        #expect(
            eventually(within: 20) {
                instance.folders.files("work").isEmpty && instance.folders.files("staging").isEmpty
            })
        let jobs = try instance.connection().query("SELECT COUNT(*) FROM jobs WHERE state <> 'DONE'") {
            (row) throws(MariaDBError) in try row.integer(0)
        }
        #expect(jobs == [0])
        let report = try instance.mediad("reconcile", "--json")
        #expect(!report.contains("kind"), "\(report)")
        let running = try Command.run("ps", ["-eo", "args"])
        #expect(!running.contains("\(instance.folders.store)/work/"), "\(running)")
    }

    @Test("a program that has lost its job runner is ended by the next one")
    func orphan() throws {
        let instance = try ServiceInstance(settings: ["MEDIA_PROCESSING": "on"])
        let mark = "60.\(UInt32.random(in: 0...999_999))"
        let homes = ["\(instance.folders.store)/work/job-attempt/made", "\(instance.folders.store)/workshop"]
        for home in homes {
            try Command.run("sh", ["-c", "HOME=\(home) setsid --fork sleep \(mark) > /dev/null 2>&1 < /dev/null"])
        }
        func running() throws -> Int {
            try Command.run("ps", ["-eo", "args"]).split(separator: "\n").count { $0 == "sleep \(mark)" }
        }
        #expect(try eventually { try running() == 2 })
        try instance.startHousekeeper()
        #expect(try eventually { try running() == 1 })
        #expect(instance.folders.log("work.log").contains("programs without a job runner"))
        try Command.run("pkill", ["-f", "^sleep \(mark)$"])
    }
}
