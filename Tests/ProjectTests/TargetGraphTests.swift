import Testing

/// A target may import what the design lets it, whatever the compiler would accept.
@Suite struct TargetGraphTests {
    private static let allowed: [String: Set<String>] = [
        "MediaCore": [],
        "MediaHTTP": ["CFastCGI", "CLinux", "HTTPTypes", "Glibc", "Synchronization"],
        "MediaDatabase": ["MediaCore", "CMariaDB", "CMigrations", "Glibc", "Synchronization"],
        "MediaStorage": [
            "MediaCore", "CCurl", "CLinux", "Crypto", "CryptoExtras", "Dispatch", "Glibc", "Synchronization",
        ],
        "MediaProcessing": ["MediaCore", "CMagic", "CLinux", "Glibc", "Synchronization"],
        "MediaMessaging": ["MediaCore", "CRabbitMQ", "CLinux", "Glibc", "Synchronization"],
        "MediaService": [
            "MediaCore", "MediaHTTP", "MediaDatabase", "MediaStorage", "MediaProcessing", "MediaMessaging", "CLinux",
            "Crypto", "HTTPTypes",
            "CryptoExtras", "Logging", "Glibc", "FoundationEssentials", "Synchronization",
        ],
        "mediad-image": ["MediaCore", "MediaProcessing", "CVips", "Glibc"],
        "mediad": ["MediaService", "MediaDatabase", "MediaCore", "ArgumentParser", "Glibc"],
    ]

    @Test("imports only what the design allows", arguments: allowed.keys.sorted())
    func imports(target: String) throws {
        let files = try Repository.files(in: "Sources/\(target)", ending: "swift")
        #expect(!files.isEmpty)
        for file in files {
            for line in try Repository.text(file).split(separator: "\n") {
                let words = line.split(separator: " ")
                guard let index = words.firstIndex(of: "import"), index <= 1, words.count > index + 1,
                    index == 0 || ["internal", "package", "public"].contains(words[0])
                else { continue }
                let module = String(words[index + 1])
                #expect(Self.allowed[target]?.contains(module) == true, "\(file) imports \(module)")
            }
        }
    }

    @Test("every Swift target is in the table")
    func everyTarget() throws {
        let targets = Set(
            try Repository.files(in: "Sources", ending: "swift").compactMap {
                $0.split(separator: "/").dropFirst().first
            }
            .map(String.init))
        #expect(targets == Set(Self.allowed.keys))
    }
}
