import MediaCore
import MediaTesting
import Synchronization
import Testing

/// Several clients take the same file away at once: each one's answer has to hold.
@Suite struct VisibilityRaceTests {
    @Test("after any answer that a file is private or deleted, nobody gets it")
    func race() throws {
        let instance = try ServiceInstance()
        let client = try instance.client()
        let violations = Mutex(0)
        for round in 0..<25 {
            let id = try client.upload(Samples.png("\(round)"), name: "a.png", user: "u", query: "isPublic=true").id
            let group = ThreadGroup()
            for thread in 0..<4 {
                group.start {
                    let answer =
                        thread == 3
                        ? try? client.delete("/v1/media/\(id)")
                        : try? client.patch("/v1/media/\(id)", "{\"isPublic\":false}")
                    guard answer?.status == 200 || answer?.status == 404 else { return }
                    if (try? instance.anonymous.get("/p/\(id)/a.png"))?.status != 404 {
                        violations.withLock { $0 += 1 }
                    }
                }
            }
            group.wait()
        }
        #expect(violations.withLock { $0 } == 0)
    }
}
