import Foundation
import Testing

@Suite struct FormatTests {
    @Test("every source file is formatted by swift-format's rules")
    func format() throws {
        let result = try Repository.run([
            "swift", "format", "lint", "--strict", "--recursive", "Sources", "Tests", "Package.swift",
        ])
        #expect(result.status == 0, "\(result.output.prefix(4000))")
    }

    @Test("no source file is longer than 600 lines")
    func length() throws {
        for folder in ["Sources", "Tests"] {
            for file in try Repository.files(in: folder, ending: "swift") {
                let lines = try Repository.text(file).count { $0 == "\n" }
                #expect(lines <= 600, "\(file) has \(lines) lines")
            }
        }
    }

    @Test("scripts are valid bash")
    func scripts() throws {
        for script in ["run", "stop", "test", "bench", "install", "lib.sh"] {
            let result = try Repository.run(["bash", "-n", "deploy/\(script)"])
            #expect(result.status == 0, "\(script): \(result.output)")
        }
    }
}
