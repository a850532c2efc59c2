-- wrk: asks for one path after the other of those in the file that is named behind `--`, beginning anywhere.
local requests, turn = {}, 0

function init(arguments)
    for path in io.lines(arguments[1]) do
        requests[#requests + 1] = wrk.format("GET", path)
    end
    math.randomseed(os.time())
    turn = math.random(#requests)
end

function request()
    turn = turn % #requests + 1
    return requests[turn]
end
