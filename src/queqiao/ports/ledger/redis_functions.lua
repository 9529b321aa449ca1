-- The ledger's steps as functions of a Redis server: each call is one step, whole or not at all.
--
-- A function first plans on copies of the counters, and writes only when nothing can refuse any
-- more: Redis takes nothing of a script back. All numbers are whole and below 2^53, where Lua's
-- doubles are exact; they become text by "%.0f", since Lua's own way keeps 14 digits.
--
-- The one key given to a function is the ledger's place, "{queqiao:ledger}"; its braces keep in one
-- slot what lies beside it:
--   meta      hash    format; latest: the latest time that any step brought; seq: steps so far;
--                     weight: of the log, in reservations or single steps
--   counters  hash    name -> "wanted free leased spent"
--   names     sorted  the names of the counters, for finding by prefix
--   unnamed   list    names of counters that are to be put there before the next who looks
--   holdings  hash    key of a step -> what is remembered of it (msgpack, amounts in JSON)
--   due       sorted  keys of open reservations by the time at which they expire
--   flights   sorted  the same for those that were made together, all of a call as one member
--                     (msgpack); it stays until then, whatever became of them
--   log       stream  the entries: kind, key, at, moved = transfers (msgpack), weight, newest last
--   opening   hash    name -> "free leased spent" before the oldest entry that the log still has
--   idle, settled  lists  "at key": what may be forgotten, oldest first

local META, COUNTERS, NAMES, HOLDINGS, DUE, LOG, OPENING, IDLE, SETTLED = 1, 2, 3, 4, 5, 6, 7, 8, 9
local UNNAMED, FLIGHTS = 10, 11
local BUDGET, FREE, LEASED, SPENT = 0, 1, 2, 3

local NAMES_OF_KEYS = {
  'meta', 'counters', 'names', 'holdings', 'due', 'log', 'opening', 'idle', 'settled',
  'unnamed', 'flights',
}
local known_places = {}

local DAY_US = 24 * 3600 * 1000000
local KEPT_US = { [IDLE] = 2 * DAY_US, [SETTLED] = 90 * DAY_US }
local QUEUE_OF = { refused = IDLE, freed = IDLE, spent = SETTLED, done = SETTLED }
local AT_A_TIME = 4 -- what a step forgets and folds beside its own work: more than it adds
local DUE_AT_A_TIME, FLIGHTS_AT_A_TIME = 200, 4 -- some 10 ms, in which the server answers nobody
local NAMES_AT_A_TIME = 1000
local AMOUNT_MAX = 9007199254740991

-- Returns the keys of the ledger at a place; made once for each place, since a step needs them all.
local function keys_of(given)
  local place = given[1]
  local keys = known_places[place]
  if not keys then
    keys = {}
    for number, name in ipairs(NAMES_OF_KEYS) do
      keys[number] = place .. ':' .. name
    end
    known_places[place] = keys
  end
  return keys
end

local function text(number)
  return string.format('%.0f', number)
end

-- Calls a command with as many arguments as there are, some hundreds at a time: each call costs as
-- much as several of its arguments. The arguments come in groups of as many as the command wants.
local AT_ONCE_MAX = 600
local function call_many(command, key, arguments)
  for first = 1, #arguments, AT_ONCE_MAX do
    local last = math.min(first + AT_ONCE_MAX - 1, #arguments)
    redis.call(command, key, unpack(arguments, first, last))
  end
end

-- Returns what a hash has for each name, false where it has nothing.
local function get_many(key, names)
  if #names <= AT_ONCE_MAX then
    return #names > 0 and redis.call('HMGET', key, unpack(names)) or {}
  end
  local found = {}
  for first = 1, #names, AT_ONCE_MAX do
    local last = math.min(first + AT_ONCE_MAX - 1, #names)
    for _, value in ipairs(redis.call('HMGET', key, unpack(names, first, last))) do
      found[#found + 1] = value
    end
  end
  return found
end

-- Amounts are told and kept as JSON, [["name", "amount"], …]: strings, so that no digit is lost.
local function encoded(rows)
  return #rows > 0 and cjson.encode(rows) or '[]'
end

-- Steps: counters are read once, changed in memory, written at the end.

-- stored: counters as they were found, by name; new: names of counters that are opened
-- rows: what is written of counters that nothing else of the step reads; leased: sums by name
-- packed: transfers that came ready to be written, two to an element
local function begin(keys)
  return {
    keys = keys, books = {}, moved = {}, stored = {}, new = {}, rows = {}, leased = {}, packed = {},
  }
end

local function book(step, name)
  local found = step.books[name]
  if found then
    return found
  end
  local packed = step.stored[name]
  if packed == nil then
    packed = redis.call('HGET', step.keys[COUNTERS], name)
  end
  if packed then
    local wanted, free, leased, spent = string.match(packed, '^(%d+) (%d+) (%d+) (%d+)$')
    found = {
      [FREE] = tonumber(free), [LEASED] = tonumber(leased), [SPENT] = tonumber(spent),
      wanted = tonumber(wanted), open = true,
    }
  else
    found = { [FREE] = 0, [LEASED] = 0, [SPENT] = 0, wanted = 0, open = false }
  end
  step.books[name] = found
  return found
end

local function limit_of(counter)
  return counter[FREE] + counter[LEASED] + counter[SPENT]
end

local function move(step, name, giver, taker, amount)
  if amount == 0 then
    return
  end
  local counter = book(step, name)
  if giver ~= BUDGET then
    counter[giver] = counter[giver] - amount
  end
  if taker ~= BUDGET then
    counter[taker] = counter[taker] + amount
  end
  counter.changed = true
  step.moved[#step.moved + 1] = { name, giver, taker, amount }
end

local function relimit(step, name, limit)
  local counter = book(step, name)
  local bound = limit_of(counter)
  if not counter.open then
    step.new[#step.new + 1] = name
  end
  counter.wanted, counter.open, counter.changed = limit, true, true
  if limit > bound then
    move(step, name, BUDGET, FREE, limit - bound)
  else
    move(step, name, FREE, BUDGET, math.min(counter[FREE], bound - limit))
  end
end

-- What is over a lowered limit goes on to the budget.
local function give_back(step, name, giver, amount)
  local counter = book(step, name)
  local surplus = math.min(math.max(0, limit_of(counter) - counter.wanted), amount)
  move(step, name, giver, FREE, amount)
  move(step, name, FREE, BUDGET, surplus)
end

-- Holdings: what is remembered of a key.

local function unpacked_holding(packed)
  local row = cmsgpack.unpack(packed)
  return {
    kind = row[1], state = row[2], at = row[3], asked = row[4], expires = row[5], spent = row[6],
    refunded = row[7], answer = row[8], of_key = row[9], first = row[10] or '', freed = row[11] or '',
  }
end

local function find(keys, key)
  local packed = redis.call('HGET', keys[HOLDINGS], key)
  return packed and unpacked_holding(packed) or nil
end

-- What is left of a reservation that parts were taken out of stands in asked, so that it is freed
-- rightly by a release that knows nothing of parts; what it was asked with in first.
local function packed_holding(held)
  local row = {
    held.kind, held.state, held.at, held.asked, held.expires or 0, held.spent or '',
    held.refunded or '', held.answer or {}, held.of_key or '',
  }
  if (held.first or '') ~= '' or held.kind == 'part' then
    row[10], row[11] = held.first or '', held.freed or ''
  end
  return cmsgpack.pack(row)
end

local function asked_first(held)
  return (held.first or '') ~= '' and held.first or held.asked
end

local function hold(keys, key, held, latest)
  held.at = latest
  redis.call('HSET', keys[HOLDINGS], key, packed_holding(held))
  if held.state == 'open' then
    redis.call('ZADD', keys[DUE], text(held.expires), key)
  else
    redis.call('RPUSH', keys[QUEUE_OF[held.state]], text(latest) .. ' ' .. key)
  end
end

local function forget_old(keys, latest, queue, steps)
  for _ = 1, AT_A_TIME * (steps or 1) do
    local oldest = redis.call('LINDEX', keys[queue], 0)
    if not oldest then
      return
    end
    local at, key = string.match(oldest, '^(%d+) (.*)$')
    if latest - tonumber(at) <= KEPT_US[queue] then
      return
    end
    redis.call('LPOP', keys[queue])
    local held = find(keys, key)
    if held and held.state ~= 'open' and held.at == tonumber(at) then
      redis.call('HDEL', keys[HOLDINGS], key)
    end
  end
end

-- The log: what is cut off of it goes into the opening balances.

local function open_with(keys, moved)
  local books, names = {}, {}
  for _, transfer in ipairs(moved) do
    local name = transfer[1]
    if not books[name] then
      books[name] = { [BUDGET] = 0, 0, 0, 0 }
      names[#names + 1] = name
    end
  end
  for number, packed in ipairs(get_many(keys[OPENING], names)) do
    if packed then
      local opened = books[names[number]]
      local free, leased, spent = string.match(packed, '^(%d+) (%d+) (%d+)$')
      opened[FREE], opened[LEASED], opened[SPENT] = tonumber(free), tonumber(leased), tonumber(spent)
    end
  end
  for _, transfer in ipairs(moved) do
    local opened, giver, taker, amount = books[transfer[1]], transfer[2], transfer[3], transfer[4]
    opened[giver] = opened[giver] - amount
    opened[taker] = opened[taker] + amount
  end
  local rows = {}
  for name, opened in pairs(books) do
    rows[#rows + 1] = name
    rows[#rows + 1] = string.format('%.0f %.0f %.0f', opened[FREE], opened[LEASED], opened[SPENT])
  end
  call_many('HSET', keys[OPENING], rows)
end

-- An entry weighs as many as the reservations in it; one of an older release weighs one.
local function fold(keys, entries_max)
  local weight = tonumber(redis.call('HGET', keys[META], 'weight') or '0')
  if weight <= entries_max then
    return
  end
  local folded = 0
  for _, entry in ipairs(redis.call('XRANGE', keys[LOG], '-', '+', 'COUNT', AT_A_TIME)) do
    local fields = entry[2]
    if weight - folded <= entries_max then
      break
    end
    open_with(keys, cmsgpack.unpack(fields[8]))
    redis.call('XDEL', keys[LOG], entry[1])
    folded = folded + tonumber(fields[10] or '1')
  end
  redis.call('HINCRBY', keys[META], 'weight', text(-folded))
end

-- Writing a step: counters, the entry, what is remembered of the key.

-- Returns the transfers of a step as msgpack, an array of arrays.
local function packed_moves(step)
  local moved, packed = step.moved, step.packed
  for name, amount in pairs(step.leased) do
    moved[#moved + 1] = { name, FREE, LEASED, amount }
  end
  local count = #moved + 2 * #packed
  for first = 1, #moved, AT_ONCE_MAX do
    local last = math.min(first + AT_ONCE_MAX - 1, #moved)
    packed[#packed + 1] = cmsgpack.pack(unpack(moved, first, last))
  end
  local header
  if count < 16 then
    header = string.char(144 + count)
  else
    header = string.char(220, math.floor(count / 256) % 256, count % 256)
  end
  return header .. table.concat(packed)
end

local function write(step, kind, key, now, weight)
  local keys, counters = step.keys, step.rows
  for name, counter in pairs(step.books) do
    if counter.changed then
      counters[#counters + 1] = name
      counters[#counters + 1] = string.format('%.0f %.0f %.0f %.0f', counter.wanted, counter[FREE],
        counter[LEASED], counter[SPENT])
    end
  end
  call_many('HSET', keys[COUNTERS], counters)
  call_many('RPUSH', keys[UNNAMED], step.new)
  local number = redis.call('HINCRBY', keys[META], 'seq', 1)
  redis.call('HINCRBY', keys[META], 'weight', weight or 1)
  redis.call('XADD', keys[LOG], text(number) .. '-0', 'kind', kind, 'key', key,
    'at', text(now), 'moved', packed_moves(step), 'weight', weight or 1)
  local latest = tonumber(redis.call('HGET', keys[META], 'latest') or '0')
  if now > latest then
    latest = now
    redis.call('HSET', keys[META], 'latest', text(now))
  end
  return latest
end

local function clean(keys, latest, entries_max, steps)
  forget_old(keys, latest, IDLE, steps)
  forget_old(keys, latest, SETTLED, steps)
  fold(keys, entries_max)
end

local function free(keys, kind, key, held, now, entries_max)
  local step = begin(keys)
  for _, pair in ipairs(cjson.decode(held.asked)) do
    give_back(step, pair[1], LEASED, tonumber(pair[2]))
  end
  held.state = 'freed'
  redis.call('ZREM', keys[DUE], key)
  local latest = write(step, kind, key, now)
  hold(keys, key, held, latest)
  clean(keys, latest, entries_max)
end

-- Frees what is still open of a flight whose time is over; returns how many.
local function land(keys, flight, now, entries_max)
  local freed, landing = 0, cmsgpack.unpack(flight)
  for number, packed in ipairs(get_many(keys[HOLDINGS], landing)) do
    if packed then
      local key = landing[number]
      local held = unpacked_holding(packed)
      if held.state == 'open' and held.expires <= now then
        free(keys, 'expire', key, held, now, entries_max)
        freed = freed + 1
      end
    end
  end
  redis.call('ZREM', keys[FLIGHTS], flight)
  return freed
end

local function due_of(keys, which, now, most)
  return redis.call('ZRANGEBYSCORE', keys[which], '-inf', text(now), 'LIMIT', 0, most)
end

-- Returns how many were freed, and whether there are more.
local function expire_some(keys, now, entries_max)
  local due = due_of(keys, DUE, now, DUE_AT_A_TIME)
  for _, key in ipairs(due) do
    free(keys, 'expire', key, find(keys, key), now, entries_max)
  end
  local freed, flights = #due, due_of(keys, FLIGHTS, now, FLIGHTS_AT_A_TIME)
  for _, flight in ipairs(flights) do
    freed = freed + land(keys, flight, now, entries_max)
  end
  return freed, #due == DUE_AT_A_TIME or #flights == FLIGHTS_AT_A_TIME
end

local function first_answer(held)
  if #held.answer > 0 then
    return held.answer
  end
  return { 'granted', asked_first(held) }
end

-- The answer to a key that comes again, or nothing when it is new.
local function again(held, kind, asked, of_key, freed)
  if not held then
    return nil
  end
  if held.kind ~= kind or asked_first(held) ~= asked or held.of_key ~= of_key
    or (held.freed or '') ~= (freed or '') then
    return { 'conflict' }
  end
  return first_answer(held)
end

local function is_within(amounts, bound)
  for name, amount in pairs(amounts) do
    if amount > (bound[name] or 0) then
      return false
    end
  end
  return true
end

local function by_name(packed)
  local amounts = {}
  if packed ~= '' then
    for _, pair in ipairs(cjson.decode(packed)) do
      amounts[pair[1]] = tonumber(pair[2])
    end
  end
  return amounts
end

-- args: entries_max, now, key, asked, counter, limit
local function set_limit(keys, args)
  local entries_max, now, key, asked = tonumber(args[1]), tonumber(args[2]), args[3], args[4]
  local told = again(find(keys, key), 'limit', asked, '')
  if told then
    return told
  end
  local step = begin(keys)
  relimit(step, args[5], tonumber(args[6]))
  local counter = book(step, args[5])
  local answer = { 'balance', text(limit_of(counter)), text(counter[LEASED]),
    text(counter[SPENT]), text(counter[FREE]) }
  local latest = write(step, 'limit', key, now)
  hold(keys, key, { kind = 'limit', state = 'done', asked = asked, answer = answer }, latest)
  clean(keys, latest, entries_max)
  return answer
end

-- Takes every limit to its counter, then all amounts or none; names the first that is short.
-- takes: rows of name, amount, limit ('' keeps the one that there is)
local function take_all(step, takes, target)
  for _, row in ipairs(takes) do
    local name, limit = row[1], tonumber(row[3])
    if limit then
      local counter = book(step, name)
      if not counter.open or counter.wanted ~= limit then
        relimit(step, name, limit)
      end
    end
  end
  for _, row in ipairs(takes) do
    local available = book(step, row[1])[FREE]
    if tonumber(row[2]) > available then
      return { 'refused', row[1], text(available) }
    end
  end
  for _, row in ipairs(takes) do
    move(step, row[1], FREE, target, tonumber(row[2]))
  end
  return {}
end

-- args: entries_max, now, key, asked, expires, takes
local function take(kind, target, state)
  return function(keys, args)
    local entries_max, now, key, asked = tonumber(args[1]), tonumber(args[2]), args[3], args[4]
    local expires = tonumber(args[5])
    local told = again(find(keys, key), kind, asked, '')
    if told then
      return told
    end
    if kind == 'reserve' and expires <= now then
      return { 'late' }
    end
    local step = begin(keys)
    local answer = take_all(step, cjson.decode(args[6]), target)
    local held = { kind = kind, state = state, asked = asked, expires = expires, answer = answer }
    if #answer > 0 then
      held.state = 'refused'
    elseif kind == 'spend' then
      held.spent = asked
    end
    local latest = write(step, kind, key, now)
    hold(keys, key, held, latest)
    clean(keys, latest, entries_max)
    return first_answer(held)
  end
end

-- What stands in the way of an ask, as an answer, or nothing. Limits of counters that are open are
-- set on the way; one that is not is opened only when nothing stands in the way.
--
-- An ask comes flat: key, asked, expires, opens, closes, rest of its holding (msgpack), then for
-- each take the number of its name, amount, limit (-1 keeps the one that there is), and, where the
-- name is in no other ask and the limit is enough, the counter's row after it was opened with that
-- limit and leased from, and the transfers for it (msgpack), else ''.
local OPENS, CLOSES, REST, TAKES, FIELDS = 4, 5, 6, 7, 5

local function is_fresh(step, name, opened)
  return opened ~= '' and step.stored[name] == false
end

local function lease_one(step, names, ask, now)
  if now < ask[OPENS] or now >= ask[CLOSES] then
    return { 'refused', now < ask[OPENS] and '(early)' or '(late)', '0' }
  end
  local refused
  for at = TAKES, #ask, FIELDS do
    local name, amount, limit = names[ask[at]], ask[at + 1], ask[at + 2]
    if not is_fresh(step, name, ask[at + 3]) then
      local counter = book(step, name)
      if limit >= 0 and counter.open and counter.wanted ~= limit then
        relimit(step, name, limit)
      end
      local available = counter.open and counter[FREE] or math.max(limit, 0)
      if amount > available and not refused then
        refused = { 'refused', name, text(available) }
      end
    end
  end
  if refused then
    return refused
  end
  for at = TAKES, #ask, FIELDS do
    local name, amount, limit = names[ask[at]], ask[at + 1], ask[at + 2]
    if is_fresh(step, name, ask[at + 3]) then
      local rows, new, packed = step.rows, step.new, step.packed
      rows[#rows + 1] = name
      rows[#rows + 1] = ask[at + 3]
      new[#new + 1] = name
      packed[#packed + 1] = ask[at + 4]
    else
      local counter = book(step, name)
      if limit >= 0 and not counter.open then
        relimit(step, name, limit)
      end
      if amount > 0 then
        counter[FREE], counter[LEASED] = counter[FREE] - amount, counter[LEASED] + amount
        counter.changed = true
        step.leased[name] = (step.leased[name] or 0) + amount
      end
    end
  end
  return nil
end

-- What the holding of a reservation begins and ends with, in msgpack: an array of 9, its kind and
-- state; no answer, no other key. Between them are the time and its rest.
local HEADS = { open = '\153\167reserve\164open', refused = '\153\167reserve\167refused' }
local OPEN_TAIL = '\144\160'

local function told_of(held)
  if #held.answer > 0 then
    return 'R' .. held.answer[3] .. ' ' .. held.answer[2]
  end
  return 'L' .. text(held.expires)
end

-- Writes what is remembered of the asks that were new; refusals: by the place of an ask.
local function hold_many(keys, asks, fresh, refusals, latest)
  local at, holdings, due, idle = cmsgpack.pack(latest), {}, {}, {}
  for _, number in ipairs(fresh) do
    local ask, refused = asks[number], refusals[number]
    holdings[#holdings + 1] = ask[1]
    if refused then
      holdings[#holdings + 1] = HEADS.refused .. at .. ask[REST] .. cmsgpack.pack(refused, '')
      idle[#idle + 1] = text(latest) .. ' ' .. ask[1]
    else
      holdings[#holdings + 1] = HEADS.open .. at .. ask[REST] .. OPEN_TAIL
      local expires = due[ask[3]] or {}
      due[ask[3]], expires[#expires + 1] = expires, ask[1]
    end
  end
  call_many('HSET', keys[HOLDINGS], holdings)
  call_many('RPUSH', keys[IDLE], idle)
  for expires, flight in pairs(due) do
    redis.call('ZADD', keys[FLIGHTS], text(expires), cmsgpack.pack(flight))
  end
end

-- args: entries_max, now, names and asks (msgpack). All of them are one entry of the log. Answers
-- with msgpack: 'L' leased as asked, 'L<until>' as once, 'R<free> <counter>' refused, 'C' clashed.
local function reserve_many(keys, args)
  local entries_max, now, asked = tonumber(args[1]), tonumber(args[2]), cmsgpack.unpack(args[3])
  local names, asks = asked[1], asked[2]
  local step, asking = begin(keys), {}
  for number, ask in ipairs(asks) do
    asking[number] = ask[1]
  end
  for number, packed in ipairs(get_many(keys[COUNTERS], names)) do
    step.stored[names[number]] = packed
  end
  local held, first = get_many(keys[HOLDINGS], asking), {}
  local answers, fresh, refusals = {}, {}, {}
  for number, ask in ipairs(asks) do
    local key, before = ask[1], first[ask[1]]
    if held[number] then
      local known = unpacked_holding(held[number])
      local is_same = known.kind == 'reserve' and asked_first(known) == ask[2]
      answers[number] = is_same and told_of(known) or 'C'
    elseif before then
      answers[number] = asks[before][2] ~= ask[2] and 'C'
        or told_of({ answer = refusals[before] or {}, expires = asks[before][3] })
    else
      local refused = lease_one(step, names, ask, now)
      refusals[number], first[key] = refused, number
      fresh[#fresh + 1] = number
      answers[number] = refused and told_of({ answer = refused }) or 'L'
    end
  end
  if #fresh > 0 then
    local latest = write(step, 'reserve_many', '', now, #fresh)
    hold_many(keys, asks, fresh, refusals, latest)
    clean(keys, latest, entries_max, #fresh)
  end
  return cmsgpack.pack(answers)
end

-- args: entries_max, now, key, asked, counter, count, passed
local function draw(keys, args)
  local entries_max, now, key, asked = tonumber(args[1]), tonumber(args[2]), args[3], args[4]
  local told = again(find(keys, key), 'draw', asked, '')
  if told then
    return told
  end
  local step = begin(keys)
  local counter = book(step, args[5])
  local drawn = tonumber(args[6]) + math.max(0, tonumber(args[7]) - counter[SPENT])
  if counter[SPENT] + drawn > AMOUNT_MAX then
    return { 'too_many' }
  end
  relimit(step, args[5], limit_of(counter) + drawn)
  move(step, args[5], FREE, SPENT, drawn)
  local answer = { 'balance', text(limit_of(counter)), text(counter[LEASED]),
    text(counter[SPENT]), text(counter[FREE]) }
  local latest = write(step, 'draw', key, now)
  hold(keys, key, { kind = 'draw', state = 'done', asked = asked, answer = answer }, latest)
  clean(keys, latest, entries_max)
  return answer
end

-- args: entries_max, now, key, amounts ('' spends all of them)
local function commit(keys, args)
  local entries_max, now, key = tonumber(args[1]), tonumber(args[2]), args[3]
  local held = find(keys, key)
  if held and held.state == 'spent' then
    return { 'granted', held.spent }
  end
  if not held or held.kind ~= 'reserve' or held.state == 'refused' then
    return { 'not_found' }
  end
  if held.state == 'freed' then
    return { 'gone' }
  end
  local amounts = args[4] ~= '' and by_name(args[4]) or nil
  if amounts and not is_within(amounts, by_name(held.asked)) then
    return { 'over' }
  end
  local step, spent = begin(keys), {}
  for _, pair in ipairs(cjson.decode(held.asked)) do
    local name, asked = pair[1], tonumber(pair[2])
    local used = amounts and (amounts[name] or 0) or asked
    spent[#spent + 1] = { name, text(used) }
    move(step, name, LEASED, SPENT, used)
    give_back(step, name, LEASED, asked - used)
  end
  held.state, held.spent = 'spent', encoded(spent)
  redis.call('ZREM', keys[DUE], key)
  local latest = write(step, 'commit', key, now)
  hold(keys, key, held, latest)
  clean(keys, latest, entries_max)
  return { 'granted', held.spent }
end

-- args: entries_max, now, key, spent, of_key, freed
local function part(keys, args)
  local entries_max, now, key, spent = tonumber(args[1]), tonumber(args[2]), args[3], args[4]
  local of_key, freed = args[5], args[6]
  local told = again(find(keys, key), 'part', spent, of_key, freed)
  if told then
    return told
  end
  local origin = find(keys, of_key)
  if not origin or origin.kind ~= 'reserve' or origin.state == 'refused' then
    return { 'not_found' }
  elseif origin.state == 'spent' then
    return { 'committed' }
  elseif origin.state == 'freed' or origin.expires <= now then
    return { 'gone' }
  end
  local spend, give, left, rows = by_name(spent), by_name(freed), by_name(origin.asked), {}
  local taken = {}
  for _, amounts in ipairs({ spend, give }) do
    for name, amount in pairs(amounts) do
      taken[name] = (taken[name] or 0) + amount
    end
  end
  if not is_within(taken, left) then
    return { 'over' }
  end
  local step = begin(keys)
  local state = 'freed'
  for name, amount in pairs(spend) do
    move(step, name, LEASED, SPENT, amount)
    state = amount > 0 and 'spent' or state
  end
  for name, amount in pairs(give) do
    give_back(step, name, LEASED, amount)
  end
  for _, pair in ipairs(cjson.decode(origin.asked)) do
    rows[#rows + 1] = { pair[1], text(left[pair[1]] - (taken[pair[1]] or 0)) }
  end
  origin.first, origin.asked = asked_first(origin), encoded(rows)
  local latest = write(step, 'part', key, now)
  redis.call('HSET', keys[HOLDINGS], of_key, packed_holding(origin))
  hold(keys, key, {
    kind = 'part', state = state, asked = spent, spent = spent, of_key = of_key, freed = freed,
  }, latest)
  clean(keys, latest, entries_max)
  return { 'granted', spent }
end

-- args: entries_max, now, key
local function release(keys, args)
  local entries_max, now, key = tonumber(args[1]), tonumber(args[2]), args[3]
  local held = find(keys, key)
  if held and held.state == 'spent' then
    return { 'committed' }
  end
  if held and held.state == 'open' then
    free(keys, 'release', key, held, now, entries_max)
  end
  return { 'done' }
end

-- Adds what is given back now to what was before; returns nothing when that is more than was spent.
local function refunded_of(origin, amounts)
  local spent, before = by_name(origin.spent), by_name(origin.refunded)
  local left, rows = {}, {}
  for name, amount in pairs(spent) do
    left[name] = amount - (before[name] or 0)
    rows[#rows + 1] = { name, text((before[name] or 0) + (amounts[name] or 0)) }
  end
  return is_within(amounts, left) and encoded(rows) or nil
end

-- args: entries_max, now, key, asked, of_key
local function refund(keys, args)
  local entries_max, now, key, asked = tonumber(args[1]), tonumber(args[2]), args[3], args[4]
  local of_key, amounts = args[5], by_name(asked)
  local told = again(find(keys, key), 'refund', asked, of_key)
  if told then
    return told
  end
  local origin = find(keys, of_key)
  if not origin or origin.state ~= 'spent' then
    return { 'not_spent' }
  end
  local refunded = refunded_of(origin, amounts)
  if not refunded then
    return { 'over' }
  end
  local step = begin(keys)
  for name, amount in pairs(amounts) do
    give_back(step, name, SPENT, amount)
  end
  origin.refunded = refunded
  local latest = write(step, 'refund', key, now)
  hold(keys, of_key, origin, latest)
  hold(keys, key, { kind = 'refund', state = 'done', asked = asked, of_key = of_key }, latest)
  clean(keys, latest, entries_max)
  return { 'granted', asked }
end

-- args: entries_max, now; returns how many were freed, and 1 where there are more
local function expire(keys, args)
  local freed, more = expire_some(keys, tonumber(args[2]), tonumber(args[1]))
  return { freed, more and 1 or 0 }
end

-- Puts some names where they are found by prefix; returns how many are left.
local function name_some(keys)
  local names, scored = redis.call('LPOP', keys[UNNAMED], NAMES_AT_A_TIME) or {}, {}
  for _, name in ipairs(names) do
    scored[#scored + 1] = 0
    scored[#scored + 1] = name
  end
  call_many('ZADD', keys[NAMES], scored)
  return redis.call('LLEN', keys[UNNAMED])
end

-- Returns how many reservations are open, then name and sum of what they hold.
local function leases(keys)
  local sums, open, seen = {}, 0, {}
  local function add(key)
    local held = not seen[key] and find(keys, key)
    seen[key] = true
    if held and held.state == 'open' then
      open = open + 1
      for _, pair in ipairs(cjson.decode(held.asked)) do
        sums[pair[1]] = (sums[pair[1]] or 0) + tonumber(pair[2])
      end
    end
  end
  for _, key in ipairs(redis.call('ZRANGE', keys[DUE], 0, -1)) do
    add(key)
  end
  for _, flight in ipairs(redis.call('ZRANGE', keys[FLIGHTS], 0, -1)) do
    for _, key in ipairs(cmsgpack.unpack(flight)) do
      add(key)
    end
  end
  local rows = { text(open) }
  for name, amount in pairs(sums) do
    rows[#rows + 1] = name
    rows[#rows + 1] = text(amount)
  end
  return rows
end

local function register(name, callback, flags)
  redis.register_function({
    function_name = '@_' .. name,
    callback = function(place, args)
      return callback(keys_of(place), args)
    end,
    flags = flags,
  })
end

-- A step frees first what is due. Where that is more than one call may free, it does nothing else
-- and says 'more': the caller comes again, and others have their turn in between.
local function register_step(name, callback)
  register(name, function(keys, args)
    local _, more = expire_some(keys, tonumber(args[2]), tonumber(args[1]))
    return more and { 'more' } or callback(keys, args)
  end, {})
end

register_step('set_limit', set_limit)
register_step('reserve', take('reserve', LEASED, 'open'))
register_step('spend', take('spend', SPENT, 'spent'))
register_step('reserve_many', reserve_many)
register_step('draw', draw)
register_step('commit', commit)
register_step('part', part)
register_step('release', release)
register_step('refund', refund)
register('expire', expire, {})
register('name_some', name_some, {})
register('leases', leases, { 'no-writes' })
