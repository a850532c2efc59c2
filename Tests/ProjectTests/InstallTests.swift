import Foundation
import Testing

/// `deploy/install`, into a folder instead of a host.
@Suite(.serialized) struct InstallTests {
    private let root = FileManager.default.temporaryDirectory.appending(path: "media-install-\(UUID())").path
    private static let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent().appendingPathComponent("mediad").path

    private func install(_ words: String...) throws -> (status: Int32, output: String) {
        try Repository.run(["deploy/install", "--root", root, "--program", Self.program] + words)
    }

    private func text(_ path: String) throws -> String { try String(contentsOfFile: root + path, encoding: .utf8) }

    @Test("writes programs, settings, units and nginx's files; again it keeps what is the operator's")
    func tree() throws {
        defer { try? FileManager.default.removeItem(atPath: root) }
        let first = try install("--set", "MEDIA_PUBLIC_URL=http://media.example:81", "--set", "MEDIA_LISTEN=81")
        try #require(first.status == 0, "\(first.output)")
        let version = try FileManager.default.destinationOfSymbolicLink(atPath: root + "/usr/lib/media-service/current")
        #expect(FileManager.default.isExecutableFile(atPath: "\(root)/usr/lib/media-service/\(version)/mediad"))
        let settings = try text("/etc/media-service/settings.env")
        #expect(settings.contains("MEDIA_PUBLIC_URL=http://media.example:81\n") && !settings.contains("@"))
        let attributes = try FileManager.default.attributesOfItem(atPath: root + "/etc/media-service/settings.env")
        #expect(attributes[.posixPermissions] as? Int == 0o640)
        #expect(try text("/etc/nginx/media/instance/server.conf").contains("server_name media.example;"))
        #expect(try text("/usr/local/bin/mediad").contains("setpriv --reuid media "))

        let edited = try text("/etc/nginx/sites-available/media.conf") + "# mine\n"
        try edited.write(toFile: root + "/etc/nginx/sites-available/media.conf", atomically: true, encoding: .utf8)
        let second = try install()
        #expect(second.status == 0, "\(second.output)")
        #expect(try text("/etc/media-service/settings.env") == settings)
        #expect(try text("/etc/nginx/sites-available/media.conf") == edited)
        let refused = try install("--set", "MEDIA_LISTEN=82")
        #expect(refused.status == 1 && refused.output.contains("--set is for the first run"), "\(refused.output)")
    }

    @Test("systemd finds nothing wrong with the units, and little that they could do")
    func units() throws {
        defer { try? FileManager.default.removeItem(atPath: root) }
        try #require(try install().status == 0)
        let folder = "\(root)/etc/systemd/system"
        // The programs are where they will be on the host.
        for unit in try FileManager.default.contentsOfDirectory(atPath: folder) where unit.hasSuffix(".service") {
            let path = "\(folder)/\(unit)"
            let text = try String(contentsOfFile: path, encoding: .utf8)
            try text.replacing("=/usr/lib/media-service/", with: "=\(root)/usr/lib/media-service/")
                .write(toFile: path, atomically: true, encoding: .utf8)
        }
        let names = [
            "media-service.service", "media-work.service", "media-bridge.service", "media-api.socket",
            "media-upload.socket", "media-stream.socket", "media.target",
        ]
        let verified = try Repository.run(["systemd-analyze", "--man=no", "verify"] + names.map { "\(folder)/\($0)" })
        let ours = verified.output.split(separator: "\n").filter { $0.contains("media") }
        #expect(verified.status == 0 && ours.isEmpty, "\(verified.output)")
        // Who keeps programs apart has to be able to.
        for (name, threshold) in [
            ("media-service.service", 20), ("media-work.service", 40), ("media-bridge.service", 20),
        ] {
            let exposure = try Repository.run([
                "systemd-analyze", "security", "--no-pager", "--offline=true", "--threshold=\(threshold)",
                "\(folder)/\(name)",
            ])
            #expect(exposure.status == 0, "\(exposure.output)")
        }
    }

    @Test("nginx takes what is written")
    func nginx() throws {
        defer { try? FileManager.default.removeItem(atPath: root) }
        try #require(try install().status == 0)
        for folder in ["store/incoming", "run"] {
            try FileManager.default.createDirectory(atPath: "\(root)/\(folder)", withIntermediateDirectories: true)
        }
        // What nginx makes when it tests goes below the folder too.
        for name in ["http", "server"] {
            let path = "/etc/nginx/media/instance/\(name).conf"
            try text(path).replacing("/var/lib/media-service/", with: "\(root)/")
                .replacing("/run/media-service/", with: "\(root)/run/").replacing("/var/log/nginx/", with: "\(root)/")
                .write(toFile: root + path, atomically: true, encoding: .utf8)
        }
        let main = "events {}\npid \(root)/pid;\nerror_log stderr;\nhttp { include sites-enabled/*; }\n"
        try main.write(toFile: "\(root)/etc/nginx/nginx.conf", atomically: true, encoding: .utf8)
        let tested = try Repository.run(["nginx", "-t", "-q", "-p", root, "-c", "\(root)/etc/nginx/nginx.conf"])
        #expect(tested.status == 0, "\(tested.output)")
    }

    @Test("a store where the units see nothing is refused", arguments: ["/tmp/store", "/home/media/store"])
    func hiddenStore(path: String) throws {
        defer { try? FileManager.default.removeItem(atPath: root) }
        let refused = try install("--set", "MEDIA_STORE_DIR=\(path)")
        #expect(refused.status == 1 && refused.output.contains("choose another MEDIA_STORE_DIR"), "\(refused.output)")
    }
}
