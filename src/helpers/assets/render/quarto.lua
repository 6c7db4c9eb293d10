-- Quarto's conventions for pandoc: numbered captions, cross-references, callouts and content
-- for one format only, with Danish words. Numbers are counted once, so HTML and PDF agree.

local words = { fig = "Figur", tbl = "Tabel", sec = "Afsnit" }
local callouts = { note = "Bemærk", tip = "Tip", important = "Vigtigt", warning = "Advarsel", caution = "Forsigtig" }
local numbers = {}
local counts = { fig = 0, tbl = 0 }
local is_html = FORMAT:match("html") ~= nil

local function typst_text(text)
  return (text:gsub("[\\\"]", "\\%0"))
end

local function numbered(kind, id, caption)
  counts[kind] = counts[kind] + 1
  numbers[id] = words[kind] .. "\u{a0}" .. counts[kind]
  local label = pandoc.Strong({ pandoc.Str(numbers[id] .. ":") })
  local inlines = pandoc.List({ label, pandoc.Space() })
  inlines:extend(caption)
  return inlines
end

local function inlines_of(text)
  local blocks = pandoc.read(text, "markdown").blocks
  return blocks[1] and blocks[1].content or pandoc.List({})
end

local function caption_of(block)
  local first = block.caption.long[1]
  return first and first.content or pandoc.List({})
end

-- A caption that ends in {#tbl-x} gives the table its identifier.
local function trailing_identifier(inlines)
  local last = inlines[#inlines]
  local id = last and last.t == "Str" and last.text:match("^{#(tbl%-[%w_-]+)}$")
  if id then
    inlines:remove(#inlines)
    if #inlines > 0 and inlines[#inlines].t == "Space" then inlines:remove(#inlines) end
  end
  return id
end

local function shown_here(div)
  local when, unless = div.attributes["when-format"], div.attributes["unless-format"]
  local function matches(name)
    return (is_html and name == "html") or (not is_html and (name == "typst" or name == "pdf"))
  end
  local shown = true
  if when then shown = matches(when) end
  if unless then shown = shown and not matches(unless) end
  if div.classes:includes("content-hidden") then shown = not shown end
  return shown
end

local conditional = {
  Div = function(div)
    if div.classes:includes("content-visible") or div.classes:includes("content-hidden") then
      return shown_here(div) and div.content or {}
    end
  end,
}

local number = {
  traverse = "topdown",
  Figure = function(fig)
    local image
    fig.content:walk({ Image = function(i) image = image or i end })
    local id = fig.identifier ~= "" and fig.identifier or (image and image.identifier) or ""
    local alt = image and image.attributes["fig-alt"]
    fig = fig:walk({ Image = function(i)
      if not is_html then  -- the writer has no way to give the alternative text
        local call = '#box(image("%s", width: 100%%, alt: "%s"))'
        return pandoc.RawInline("typst", call:format(typst_text(i.src), typst_text(alt or "")))
      end
      if alt and alt ~= "" then i.caption = pandoc.Inlines({ pandoc.Str(alt) }) end
      i.attributes["fig-alt"] = nil
      i.identifier = ""
      return i
    end })
    if id:match("^fig%-") then
      fig.identifier = id
      fig.caption.long = { pandoc.Plain(numbered("fig", id, caption_of(fig))) }
    end
    return fig, false
  end,
  Table = function(tbl)
    local caption = caption_of(tbl)
    local id = tbl.identifier:match("^tbl%-") and tbl.identifier or trailing_identifier(caption)
    if id then
      tbl.identifier = id
      tbl.caption.long = { pandoc.Plain(numbered("tbl", id, caption)) }
    end
    return tbl, false
  end,
  Div = function(div)
    if not div.identifier:match("^tbl%-") then return nil end
    local caption = numbered("tbl", div.identifier, inlines_of(div.attributes["tbl-cap"] or ""))
    div.attributes["tbl-cap"] = nil
    local placed = false
    local content = div.content:map(function(block)
      if block.t == "Table" and not placed then
        placed = true
        block.identifier = div.identifier
        block.caption.long = { pandoc.Plain(caption) }
      end
      return block
    end)
    if placed then return content, false end
    div.content:insert(1, pandoc.Div({ pandoc.Para(caption) }, { class = "table-caption" }))
    return div, false
  end,
}

local sections = {}
local function number_sections(doc)
  local level = {}
  local numbering = doc.meta["number-sections"]
  for _, block in ipairs(doc.blocks) do
    if block.t == "Header" and not block.classes:includes("unnumbered") then
      level[block.level] = (level[block.level] or 0) + 1
      for deeper = block.level + 1, 6 do level[deeper] = nil end
      local parts = {}
      for i = 1, block.level do
        if level[i] then table.insert(parts, tostring(level[i])) end
      end
      sections[block.identifier] = numbering and table.concat(parts, ".") or nil
    end
    if block.t == "Header" and block.identifier:match("^sec%-") then
      local named = sections[block.identifier]
      numbers[block.identifier] = named and (words.sec .. "\u{a0}" .. named)
        or ("»" .. pandoc.utils.stringify(block.content) .. "«")
    end
  end
end

local resolve = {
  Cite = function(cite)
    local out = pandoc.List({})
    for i, citation in ipairs(cite.citations) do
      local kind = citation.id:match("^(%a+)%-")
      if words[kind] then
        if not numbers[citation.id] then
          io.stderr:write("the reference @" .. citation.id .. " has no target\n")
          os.exit(1)
        end
        if i > 1 then out:extend({ pandoc.Str(","), pandoc.Space() }) end
        out:insert(pandoc.Link(numbers[citation.id], "#" .. citation.id, "", { class = "ref" }))
      end
    end
    if #out > 0 then return out end
  end,
}

-- What may be wider than a screen scrolls in a box of its own, from the keyboard too.
local function scrolling(block, class)
  return pandoc.Div({ block }, pandoc.Attr("", { class }, { tabindex = "0" }))
end

local wide_formulas = {
  Para = function(para)
    if not is_html then return nil end
    for _, inline in ipairs(para.content) do
      if inline.t == "Math" and inline.mathtype == "DisplayMath" then return scrolling(para, "formula") end
    end
  end,
}

-- PDF/UA wants a text for each formula: its TeX source.
local formulas = {
  -- Typst takes these for a heading, a list or a term where they begin a line
  Str = function(str)
    if FORMAT == "typst" and str.text:match("^[=+/-]") then
      return pandoc.RawInline("typst", '#"' .. typst_text(str.text) .. '";')
    end
  end,

  Math = function(math)
    if is_html then return nil end
    local written = pandoc.write(pandoc.Pandoc({ pandoc.Plain({ math }) }), "typst"):gsub("%s+$", "")
    local block = math.mathtype == "DisplayMath" and "true" or "false"
    local call = '#math.equation(block: %s, alt: "%s", %s)'
    return pandoc.RawInline("typst", call:format(block, typst_text(math.text:gsub("%s+", " ")), written))
  end,
}

local callout = {
  Div = function(div)
    if div.classes:includes("finding") and not is_html then
      local blocks = pandoc.List({ pandoc.RawBlock("typst", "#finding[") })
      blocks:extend(div.content)
      blocks:insert(pandoc.RawBlock("typst", "]"))
      return blocks
    end
    for _, class in ipairs(div.classes) do
      local kind = class:match("^callout%-(%a+)$")
      if kind and callouts[kind] then
        local title = div.attributes["title"] or callouts[kind]
        if is_html then
          div.attributes["title"] = nil
          div.attributes["role"] = "note"
          div.classes = { "callout", class }
          div.content:insert(1, pandoc.Div({ pandoc.Para({ pandoc.Str(title) }) }, { class = "callout-title" }))
          return div
        end
        local blocks = pandoc.List({ pandoc.RawBlock("typst", '#callout("' .. kind .. '", "' .. typst_text(title) .. '")[') })
        blocks:extend(div.content)
        blocks:insert(pandoc.RawBlock("typst", "]"))
        return blocks
      end
    end
  end,
}

-- HTML tables in a PDF: the same cells as a plain table.
local html_tables = {
  RawBlock = function(raw)
    if not is_html and raw.format == "html" and raw.text:match("<table") then
      local blocks = pandoc.read(raw.text:match("<table.*</table>") or raw.text, "html").blocks
      return blocks
    end
  end,
}

-- A long heading over numbers breaks in two, so that the first column keeps its room.
local LONG_HEADING = 12
local function broken(inlines)
  local text = pandoc.utils.stringify(inlines)
  if #text <= LONG_HEADING then return inlines end
  local best, distance
  local seen = 0
  for i, inline in ipairs(inlines) do
    if inline.t == "Space" and (not distance or math.abs(seen - #text / 2) < distance) then
      best, distance = i, math.abs(seen - #text / 2)
    end
    seen = seen + #pandoc.utils.stringify(inline)
  end
  if best then inlines[best] = pandoc.LineBreak() end
  return inlines
end

-- Long words over many columns of figures would leave the first column no room: these share the page's
-- width, the first with a double part, and the words are hyphenated.
local LONG_WORD, FEW_COLUMNS = 16, 4
local function longest_word(head)
  local longest = 0
  for _, row in ipairs(head.rows) do
    for _, cell in ipairs(row.cells) do
      for word in pandoc.utils.stringify(cell.contents):gmatch("%S+") do
        longest = math.max(longest, utf8.len(word))
      end
    end
  end
  return longest
end

local function shared_out(tbl)
  local parts = #tbl.colspecs + 1
  for i, spec in ipairs(tbl.colspecs) do
    tbl.colspecs[i] = { spec[1], (i == 1 and 2 or 1) / parts }
  end
end

-- On a screen a wide table scrolls in its own box; on paper a short one stays on one page.
local ROWS_OF_A_SHORT_TABLE = 32
local settled = {
  Table = function(tbl)
    for _, row in ipairs(tbl.head.rows) do
      for i, cell in ipairs(row.cells) do
        if i > 1 and cell.contents[1] and cell.contents[1].content then
          cell.contents[1].content = broken(cell.contents[1].content)
        end
      end
    end
    if is_html then return scrolling(tbl, "table-scroll") end
    if longest_word(tbl.head) > LONG_WORD and #tbl.colspecs > FEW_COLUMNS then shared_out(tbl) end
    local rows = 0
    for _, body in ipairs(tbl.bodies) do rows = rows + #body.body end
    if rows > ROWS_OF_A_SHORT_TABLE then return tbl end
    return { pandoc.RawBlock("typst", "#block(breakable: false, width: 100%)["), tbl, pandoc.RawBlock("typst", "]") }
  end,
}

function Pandoc(doc)
  doc = doc:walk(conditional)
  doc = doc:walk(html_tables)
  doc = doc:walk(number)
  number_sections(doc)
  doc = doc:walk(resolve)
  doc = doc:walk(wide_formulas)
  doc = doc:walk(formulas)
  doc = doc:walk(settled)
  return doc:walk(callout)
end
