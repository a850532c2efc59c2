import Foundation
import MediaCore
import MediaDatabase
import MediaStorage
import MediaTesting
import Synchronization
import Testing

/// Files that go to a store elsewhere while processes die, MariaDB restarts and the store makes faults.
struct StoreCrashTests {
    typealias HTTPClient = MediaTesting.HTTPClient

    private let storage: any RemoteStorage
    private let instance: ServiceInstance
    private let client: HTTPClient

    init() throws {
        let cloud = CloudServer.ceph
        let bucket = try cloud.makeBucket()
        storage = try cloud.storage(bucket)
        // Every third request or so goes wrong in some way on its way to the store.
        let faults = "none,none,reset,none,none,lost,none,503,none,none,none,500"
        let proxy = try PrivateServer("faulty_proxy", [cloud.server().endpoint, faults])
        self.proxy = proxy
        let file = try StoreFile(
            [("cloud", cloud.storeDescription(bucket, endpoint: proxy.endpoint))], [.init("default", .string("cloud"))])
        instance = try ServiceInstance(
            settings: [
                "MEDIA_STORES_FILE": file.path, "MEDIA_UPLOAD_GRACE": "3", "MEDIA_HOUSEKEEPING_INTERVAL": "1",
                "MEDIA_RETENTION": "0",
            ], keepsHouse: true)
        client = try instance.client()
    }

    private let proxy: PrivateServer

    private func found() throws -> [String] {
        var names: [String] = []
        for prefix in UInt8.min...UInt8.max { try storage.blobs(prefix) { names.append($0.name) } }
        return names
    }

    @Test("what was answered with success is there, and nothing else stays")
    func everything() throws {
        let isDone = Atomic<Bool>(false)
        let kept = Mutex<[(id: String, bytes: [UInt8])]>([])
        let failed = Mutex(0)
        let senders = ThreadGroup()
        let client = client
        for sender in 0..<4 {
            senders.start {
                for number in 0..<12 {
                    // Some contents come several times at once.
                    let bytes = Samples.mp4(
                        "crash \(number % 3 == 0 ? 9 : sender) \(number)", size: number == 5 ? 12_000_000 : 20_000)
                    let answer = try? client.post("/v1/media?name=a.mp4&userId=u", .bytes(bytes))
                    guard let answer, answer.status == 201 else {
                        failed.withLock { $0 += 1 }
                        continue
                    }
                    if number % 4 == 3 {
                        _ = try? client.delete("/v1/media/\(answer.json.id)?hard=true")
                    } else {
                        kept.withLock { $0.append((answer.json.id, bytes)) }
                    }
                }
            }
        }
        let killer = ThreadGroup()
        let instance = instance
        killer.start {
            var round = 0
            while !isDone.load(ordering: .relaxed) {
                usleep(700_000)
                round += 1
                if let worker = instance.workers.randomElement() { kill(worker, SIGKILL) }
                if round % 3 == 0 {
                    instance.housekeeper?.stop(SIGKILL)
                    try? instance.startHousekeeper()
                }
            }
        }
        senders.wait()
        isDone.store(true, ordering: .relaxed)
        killer.wait()
        let all = kept.withLock { $0 }
        #expect(all.count > 10, "\(all.count) kept, \(failed.withLock { $0 }) failed")
        for (id, bytes) in all {
            #expect(eventually(within: 20) { (try? client.get("/m/\(id)"))?.body == bytes })
        }
        let isClean = eventually(within: 60) {
            let command = try? Command(
                ServiceFolders.mediad, ["reconcile", "--json"], environment: instance.environment)
            return command?.status == 0
        }
        let last = try Command(ServiceFolders.mediad, ["reconcile", "--json"], environment: instance.environment)
        #expect(isClean, "\(last.text)")
        let contents = try instance.connection().query("SELECT CAST(COUNT(*) AS CHAR) FROM blobs") {
            (row) throws(MariaDBError) in try row.text(0)
        }
        #expect(eventually(within: 30) { (try? found().count).map(String.init) == contents[0] })
        #expect(
            eventually(within: 10) {
                instance.folders.files("staging").isEmpty && instance.folders.files("incoming").isEmpty
            })
    }
}
