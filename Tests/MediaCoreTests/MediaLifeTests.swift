import MediaCore
import Testing

/// A record's life as a state machine: each status against each step.
struct MediaLifeTests {
    private static let now = Timestamp(milliseconds: 1_800_000_000_000)

    private enum Step: CaseIterable { case becomeReady, fail, delete, restore }

    private static func take(_ step: Step, _ media: inout Media) throws {
        switch step {
        case .becomeReady: try media.becomeReady()
        case .fail: try media.fail("The file is damaged.")
        case .delete: try media.delete(at: now)
        case .restore: try media.restore()
        }
    }

    /// What each step leads to; nil: it can't be taken.
    private static let table: [(MediaStatus, [MediaStatus?])] = [
        // becomeReady, fail, delete, restore
        (.processing, [.ready, .failed, .deleted, nil]),
        (.ready, [nil, nil, .deleted, nil]),
        (.failed, [nil, nil, .deleted, nil]),
    ]

    @Test("each step from each status", arguments: 0..<table.count)
    func steps(index: Int) throws {
        let (status, results) = Self.table[index]
        for (step, result) in zip(Step.allCases, results) {
            var media = try Media.sample(status: status)
            let before = media
            if let result {
                try Self.take(step, &media)
                #expect(media.status == result)
            } else {
                #expect(throws: MediaStatus.WrongStep.self) { try Self.take(step, &media) }
                #expect(media == before, "a step that can't be taken changes nothing")
            }
        }
    }

    @Test(
        "a deleted record becomes what it was, and nothing else", arguments: [MediaStatus.processing, .ready, .failed])
    func deleted(status: MediaStatus) throws {
        var media = try Media.sample(isPublic: true, status: status)
        let before = media
        try media.delete(at: Self.now)
        #expect(media.deletion == .init(at: Self.now, status: status) && !media.isPublished)
        for step in [Step.becomeReady, .fail, .delete] {
            let deleted = media
            #expect(throws: MediaStatus.WrongStep.self) { try Self.take(step, &media) }
            #expect(media == deleted)
        }
        try media.restore()
        #expect(media == before)
        #expect(throws: MediaStatus.WrongStep.self) { try media.restore() }
    }

    @Test("no status leads to itself, DELETED to none, and back only those whose file is worked on once more")
    func canBecome() {
        for status in MediaStatus.allCases {
            #expect(!status.canBecome(status) && !MediaStatus.deleted.canBecome(status))
            #expect(status.canBecome(.processing) == [.ready, .failed].contains(status))
        }
    }

    @Test("the reason of a failure is kept, as long as its column")
    func reason() throws {
        var media = try Media.sample(status: .processing)
        try media.fail(String(repeating: "e\u{301}", count: 400))
        #expect(media.failureReason?.unicodeScalars.count == 500)
    }
}
