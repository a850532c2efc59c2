import MediaCore
import Testing

/// The policy as one table: every caller, every action, every state and visibility of the record.
struct AccessPolicyTests {
    /// The columns below: nobody, then a service with each set of scopes.
    private static let callers: [Caller] =
        [.anonymous]
        + ([
            [], [.read], [.write], [.delete], [.read, .write], [.read, .delete], [.write, .delete],
            [.read, .write, .delete],
        ] as [Set<Scope>]).map { .service(keyID: "key", scopes: $0) }

    /// What a letter in the table stands for.
    private static let decisions: [Character: AccessPolicy.Decision] = [
        "s": .allowed(.scope), "p": .allowed(.publicFile), "?": .refused(.unauthenticated), "-": .refused(.notFound),
        "R": .refused(.missingScope(.read)), "W": .refused(.missingScope(.write)),
        "D": .refused(.missingScope(.delete)),
    ]

    /// The letters stand under: anonymous, no scope, read, write, delete, read + write, read + delete, write + delete,
    /// all.
    private static let actions: [(String, AccessPolicy.Action)] = [
        ("? R s R R s s R s", .listMedia),
        ("? R s R R s s R s", .readRecord),
        ("? W W s W s W s s", .createMedia),
        ("? W W s W s W s s", .updateRecord),
        ("? D D D s D s s s", .deleteRecord),
    ]

    private static let downloads: [(String, MediaStatus?, isPublic: Bool)] = [
        ("- R - R R - - R -", nil, false),
        ("- R - R R - - R -", .processing, false),
        ("- R - R R - - R -", .processing, true),
        ("- R s R R s s R s", .ready, false),
        ("p p p p p p p p p", .ready, true),
        ("- R - R R - - R -", .failed, false),
        ("- R - R R - - R -", .failed, true),
        ("- R - R R - - R -", .deleted, false),
        ("- R - R R - - R -", .deleted, true),
    ]

    private static func file(isPublic: Bool, status: MediaStatus) -> MediaFile {
        MediaFile(originalName: "a.png", mimeType: "image/png", isPublic: isPublic, status: status, sha256: "ab")
    }

    private static func expectRow(_ row: String, _ action: AccessPolicy.Action) throws {
        let letters = row.filter { $0 != " " }
        try #require(letters.count == callers.count)
        for (caller, letter) in zip(callers, letters) {
            let expected = try #require(decisions[letter])
            #expect(AccessPolicy.decide(caller, action) == expected, "\(caller)")
        }
    }

    @Test("decides on actions by scope alone", arguments: 0..<actions.count)
    func action(index: Int) throws {
        let (row, action) = Self.actions[index]
        try Self.expectRow(row, action)
    }

    @Test("decides on a download by status, visibility and scope", arguments: 0..<downloads.count)
    func download(index: Int) throws {
        let (row, status, isPublic) = Self.downloads[index]
        let file = status.map { Self.file(isPublic: isPublic, status: $0) }
        try Self.expectRow(row, .download(file))
    }

    @Test("the download table has every status and visibility")
    func complete() {
        let rows = Set(Self.downloads.map { "\($0.1?.rawValue ?? "none") \($0.isPublic)" })
        let all = MediaStatus.allCases.flatMap { ["\($0.rawValue) true", "\($0.rawValue) false"] }
        #expect(rows == Set(all + ["none false"]))
        #expect(Set(Self.callers.dropFirst().map { "\($0)" }).count == 1 << Scope.allCases.count)
    }

    @Test("a caller who may not read can't tell a private file from none", arguments: callers)
    func existence(caller: Caller) {
        if case .service(_, let scopes) = caller, scopes.contains(.read) { return }
        let absent = AccessPolicy.decide(caller, .download(nil))
        for status in MediaStatus.allCases {
            let file = Self.file(isPublic: false, status: status)
            #expect(AccessPolicy.decide(caller, .download(file)) == absent)
        }
    }

    @Test("the names in keys and logs are stable")
    func names() {
        #expect(Scope.allCases.map(\.rawValue) == ["media:read", "media:write", "media:delete"])
        #expect(AccessPolicy.Reason.publicFile.rawValue == "public_file")
        #expect(AccessPolicy.Reason.scope.rawValue == "scope")
    }
}
