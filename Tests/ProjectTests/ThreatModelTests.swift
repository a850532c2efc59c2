import Testing

struct ThreatModelTests {
    @Test("each test that the threat model names is there")
    func tests() throws {
        let text = try Repository.text("Sources/MediaService/MediaService.docc/ThreatModel.md")
        let rows = text.split(separator: "\n").filter { $0.hasPrefix("| ") }.dropFirst(2)
        #expect(rows.count > 20)
        let files = try Repository.files(in: "Tests", ending: "swift")
        for row in rows {
            let names = row.matches(of: /`([A-Za-z]+Tests)\.([A-Za-z]+)`/)
            #expect(!names.isEmpty, "no test holds: \(row)")
            for name in names {
                let places = files.filter { $0.hasSuffix("/\(name.1).swift") }
                let isThere = try places.contains { try Repository.text($0).contains("func \(name.2)(") }
                #expect(isThere, "\(name.0)")
            }
        }
    }
}
