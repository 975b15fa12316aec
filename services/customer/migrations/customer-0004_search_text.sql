-- no-transaction
-- Rewrites stored values in the new forms, a thousand rows a transaction: letters of other scripts in the search text, and the order of labels.
do $$
declare
  target record;
  changed integer := 0;
begin
  -- `|00738b` becomes `|AAHDIL`. Where punctuation separated words, these are repeated on a line of their own without the bars.
  for target in select company_id, id from customers where search_text ~ '\|[0-9a-f]{6}' loop
    update customers set search_text = (
      with lines as (
        select place, line, (
            select string_agg(
                case when part ~ '^[0-9a-f]{6}' and n > 1
                  then translate(left(part, 6), '0123456789abcdef', 'ABCDEFGHIJKLMNOP') || substr(part, 7) else part end,
                '|' order by n)
              from unnest(string_to_array(line, '|')) with ordinality as parts (part, n)
          ) as rewritten
          from unnest(string_to_array(search_text, E'\n')) with ordinality as all_lines (line, place)
      )
      select string_agg(
          coalesce(
            (select ' ' || btrim(regexp_replace(source.rewritten, '[^a-zA-Z0-9|]+', ' ', 'g')) || ' '
              from lines as source
              where source.line <> source.rewritten
                and btrim(regexp_replace(source.line, '[^a-z0-9]+', ' ', 'g')) = btrim(lines.line)
              limit 1),
            rewritten, line),
          E'\n' order by place)
        from lines
    ) where company_id = target.company_id and id = target.id;
    changed := changed + 1;
    if changed % 1000 = 0 then commit; end if;
  end loop;

  for target in
    select c.company_id, c.id from customers c
      cross join lateral (
        select array_agg(label order by priority desc, label collate "und-x-icu") as labels
          from customer_tags t where t.company_id = c.company_id and t.customer_id = c.id
      ) as in_order
      where cardinality(c.tags) > 1 and c.tags <> in_order.labels
  loop
    -- Reads the labels under the lock that a change of tags takes, because requests go on.
    perform from customers where company_id = target.company_id and id = target.id for update;
    update customers set tags = array(
      select label from customer_tags t where t.company_id = target.company_id and t.customer_id = target.id
        order by priority desc, label collate "und-x-icu"
    ) where company_id = target.company_id and id = target.id;
    changed := changed + 1;
    if changed % 1000 = 0 then commit; end if;
  end loop;
end $$;
