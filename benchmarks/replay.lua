-- wrk's script: replays the requests of a file from a random place on, and prints what came of it.
-- A line of the file is method, path and body, with tabs between. Arguments: file, key, random seed. Where there are
-- several keys, with commas between, each thread takes one of them.

local requests, position, threads = {}, 0, {}

function setup(thread)
  threads[#threads + 1] = thread
  thread:set("number", #threads)
end

function init(arguments)
  local keys = {}
  for key in arguments[2]:gmatch("[^,]+") do
    keys[#keys + 1] = key
  end
  local bearer = "Bearer " .. keys[(number - 1) % #keys + 1]
  for line in io.lines(arguments[1]) do
    local method, path, body = line:match("^(%S+)\t(%S+)\t?(.*)$")
    local headers = { Host = wrk.headers["Host"], Authorization = bearer }
    if body == "" then
      body = nil
    else
      headers["Content-Type"] = "application/json"
    end
    requests[#requests + 1] = wrk.format(method, path, headers, body)
  end
  math.randomseed(tonumber(arguments[3]) + number)
  position = math.random(#requests)
  began = os.clock()
end

function request()
  position = position % #requests + 1
  return requests[position]
end

function done(summary, latency)
  local errors = summary.errors
  local cpu = (os.clock() - threads[#threads]:get("began")) * 1000000
  io.write(string.format(
    '\n{"requests": %d, "microseconds": %d, "cpu": %d, "p50": %d, "p99": %d, "refused": %d, "broken": %d}\n',
    summary.requests, summary.duration, cpu, latency:percentile(50), latency:percentile(99), errors.status,
    errors.connect + errors.read + errors.write + errors.timeout
  ))
end
