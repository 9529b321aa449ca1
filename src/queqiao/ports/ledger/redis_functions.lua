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
--   holdings  hash    key of a step -> what is remembered of it (msgpack, amounts in JSON)
--   due       sorted  keys of open reservations by the time at which they expire
--   log       stream  the entries: kind, key, at, moved = transfers (msgpack), weight, newest last
--   opening   hash    name -> "free leased spent" before the oldest entry that the log still has
--   idle, settled  lists  "at key": what may be forgotten, oldest first

local META, COUNTERS, NAMES, HOLDINGS, DUE, LOG, OPENING, IDLE, SETTLED = 1, 2, 3, 4, 5, 6, 7, 8, 9
local BUDGET, FREE, LEASED, SPENT = 0, 1, 2, 3

local NAMES_OF_KEYS = {
  'meta', 'counters', 'names', 'holdings', 'due', 'log', 'opening', 'idle', 'settled',
}
local known_places = {}

local DAY_US = 24 * 3600 * 1000000
local KEPT_US = { [IDLE] = 2 * DAY_US, [SETTLED] = 90 * DAY_US }
local QUEUE_OF = { refused = IDLE, freed = IDLE, spent = SETTLED, done = SETTLED }
local AT_A_TIME = 4 -- what a step forgets and folds beside its own work: more than it adds
local DUE_AT_A_TIME = 1000
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

-- Amounts are told and kept as JSON, [["name", "amount"], …]: strings, so that no digit is lost.
local function encoded(rows)
  return #rows > 0 and cjson.encode(rows) or '[]'
end

-- Steps: counters are read once, changed in memory, written at the end.

local function begin(keys)
  return { keys = keys, books = {}, moved = {} }
end

local function book(step, name)
  local found = step.books[name]
  if found then
    return found
  end
  local packed = redis.call('HGET', step.keys[COUNTERS], name)
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
  counter.is_new = counter.is_new or not counter.open
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

local function find(keys, key)
  local packed = redis.call('HGET', keys[HOLDINGS], key)
  if not packed then
    return nil
  end
  local row = cmsgpack.unpack(packed)
  return {
    kind = row[1], state = row[2], at = row[3], asked = row[4], expires = row[5], spent = row[6],
    refunded = row[7], answer = row[8], of_key = row[9],
  }
end

local function packed_holding(held)
  return cmsgpack.pack({
    held.kind, held.state, held.at, held.asked, held.expires or 0, held.spent or '',
    held.refunded or '', held.answer or {}, held.of_key or '',
  })
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
  local books = {}
  for _, transfer in ipairs(moved) do
    local name, giver, taker, amount = transfer[1], transfer[2], transfer[3], transfer[4]
    if not books[name] then
      local packed = redis.call('HGET', keys[OPENING], name) or '0 0 0'
      local free, leased, spent = string.match(packed, '^(%d+) (%d+) (%d+)$')
      books[name] = { [BUDGET] = 0, tonumber(free), tonumber(leased), tonumber(spent) }
    end
    books[name][giver] = books[name][giver] - amount
    books[name][taker] = books[name][taker] + amount
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

local function write(step, kind, key, now, weight)
  local keys, counters, names = step.keys, {}, {}
  for name, counter in pairs(step.books) do
    if counter.changed then
      counters[#counters + 1] = name
      counters[#counters + 1] = string.format('%.0f %.0f %.0f %.0f', counter.wanted, counter[FREE],
        counter[LEASED], counter[SPENT])
    end
    if counter.is_new then
      names[#names + 1] = 0
      names[#names + 1] = name
    end
  end
  call_many('HSET', keys[COUNTERS], counters)
  call_many('ZADD', keys[NAMES], names)
  local number = redis.call('HINCRBY', keys[META], 'seq', 1)
  redis.call('HINCRBY', keys[META], 'weight', weight or 1)
  redis.call('XADD', keys[LOG], text(number) .. '-0', 'kind', kind, 'key', key,
    'at', text(now), 'moved', cmsgpack.pack(step.moved), 'weight', weight or 1)
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

local function expire_some(keys, now, entries_max)
  local due = redis.call('ZRANGEBYSCORE', keys[DUE], '-inf', text(now), 'LIMIT', 0, DUE_AT_A_TIME)
  for _, key in ipairs(due) do
    free(keys, 'expire', key, find(keys, key), now, entries_max)
  end
  return #due
end

local function expire_due(keys, now, entries_max)
  while expire_some(keys, now, entries_max) == DUE_AT_A_TIME do
  end
end

local function first_answer(held)
  if #held.answer > 0 then
    return held.answer
  end
  return { 'granted', held.asked }
end

-- The answer to a key that comes again, or nothing when it is new.
local function again(held, kind, asked, of_key)
  if not held then
    return nil
  end
  if held.kind ~= kind or held.asked ~= asked or held.of_key ~= of_key then
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
  expire_due(keys, now, entries_max)
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
    expire_due(keys, now, entries_max)
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
local function lease_one(step, ask, now)
  local rows, opens, closes = ask[3], ask[5], ask[6]
  if now < opens or now >= closes then
    return { 'refused', now < opens and '(early)' or '(late)', '0' }
  end
  local refused
  for _, row in ipairs(rows) do
    local name, limit = row[1], row[3]
    local counter = book(step, name)
    if limit >= 0 and counter.open and counter.wanted ~= limit then
      relimit(step, name, limit)
    end
    local available = counter.open and counter[FREE] or math.max(limit, 0)
    if row[2] > available and not refused then
      refused = { 'refused', name, text(available) }
    end
  end
  if refused then
    return refused
  end
  for _, row in ipairs(rows) do
    local counter = book(step, row[1])
    if row[3] >= 0 and not counter.open then
      relimit(step, row[1], row[3])
    end
    move(step, row[1], FREE, LEASED, row[2])
  end
  return nil
end

-- args: entries_max, now, asks (msgpack): rows of key, asked, takes, expires, opens, closes; a take
-- is name, amount, limit (-1 keeps the one that there is). All of them are one entry of the log.
local function reserve_many(keys, args)
  local entries_max, now, asks = tonumber(args[1]), tonumber(args[2]), cmsgpack.unpack(args[3])
  expire_due(keys, now, entries_max)
  local step, answers, fresh, known = begin(keys), {}, {}, {}
  for number, ask in ipairs(asks) do
    local key, asked = ask[1], ask[2]
    local held = known[key] or find(keys, key)
    if not held then
      local refused = lease_one(step, ask, now)
      held = {
        kind = 'reserve', state = refused and 'refused' or 'open', asked = asked,
        expires = ask[4], answer = refused or {}, of_key = '',
      }
      known[key] = held
      fresh[#fresh + 1] = key
    end
    if held.kind ~= 'reserve' or held.asked ~= asked then
      answers[number] = 'C'
    elseif #held.answer > 0 then
      answers[number] = 'R' .. held.answer[3] .. ' ' .. held.answer[2]
    else
      answers[number] = 'L' .. text(held.expires)
    end
  end
  if #fresh > 0 then
    local latest = write(step, 'reserve_many', '', now, #fresh)
    local holdings, due, idle = {}, {}, {}
    for _, key in ipairs(fresh) do
      local held = known[key]
      held.at = latest
      holdings[#holdings + 1] = key
      holdings[#holdings + 1] = packed_holding(held)
      if held.state == 'open' then
        due[#due + 1] = text(held.expires)
        due[#due + 1] = key
      else
        idle[#idle + 1] = text(latest) .. ' ' .. key
      end
    end
    call_many('HSET', keys[HOLDINGS], holdings)
    call_many('ZADD', keys[DUE], due)
    call_many('RPUSH', keys[IDLE], idle)
    clean(keys, latest, entries_max, #fresh)
  end
  return answers
end

-- args: entries_max, now, key, asked, counter, count, passed
local function draw(keys, args)
  local entries_max, now, key, asked = tonumber(args[1]), tonumber(args[2]), args[3], args[4]
  expire_due(keys, now, entries_max)
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
  expire_due(keys, now, entries_max)
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

-- args: entries_max, now, key
local function release(keys, args)
  local entries_max, now, key = tonumber(args[1]), tonumber(args[2]), args[3]
  expire_due(keys, now, entries_max)
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
  expire_due(keys, now, entries_max)
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

-- args: entries_max, now; returns how many were freed, at most DUE_AT_A_TIME
local function expire(keys, args)
  return expire_some(keys, tonumber(args[2]), tonumber(args[1]))
end

-- Returns how many reservations are open, then name and sum of what they hold.
local function leases(keys)
  local sums, open = {}, redis.call('ZRANGE', keys[DUE], 0, -1)
  for _, key in ipairs(open) do
    local held = find(keys, key)
    for _, pair in ipairs(held and cjson.decode(held.asked) or {}) do
      sums[pair[1]] = (sums[pair[1]] or 0) + tonumber(pair[2])
    end
  end
  local rows = { text(#open) }
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

register('set_limit', set_limit, {})
register('reserve', take('reserve', LEASED, 'open'), {})
register('spend', take('spend', SPENT, 'spent'), {})
register('reserve_many', reserve_many, {})
register('draw', draw, {})
register('commit', commit, {})
register('release', release, {})
register('refund', refund, {})
register('expire', expire, {})
register('leases', leases, { 'no-writes' })
