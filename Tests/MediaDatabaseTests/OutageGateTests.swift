import Testing

@testable import MediaDatabase

struct OutageGateTests {
    private let gate = OutageGate()

    private func isLetThrough(limit: UInt32 = 60) -> Bool {
        do {
            try gate.enter(limit: limit)
            return true
        } catch {
            #expect(error.code == .hanging && error.isConnectionLoss)
            return false
        }
    }

    @Test("without an outage everybody is let through")
    func open() {
        #expect((0..<100).allSatisfy { _ in isLetThrough() })
    }

    @Test("after a time-out nobody is let through for a second, then one at a time")
    func closed() async throws {
        gate.close()
        #expect(!isLetThrough())
        try await Task.sleep(for: .milliseconds(1100))
        #expect(isLetThrough())
        #expect(!isLetThrough())
        gate.open()
        #expect(isLetThrough() && isLetThrough())
    }

    @Test("one that was let through and never came back doesn't keep the gate closed")
    func lost() async throws {
        gate.close()
        try await Task.sleep(for: .milliseconds(1100))
        #expect(isLetThrough(limit: 0))
        #expect(isLetThrough(limit: 0))
    }
}
