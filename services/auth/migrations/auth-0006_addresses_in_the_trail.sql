-- Lines of the trail that still hold an address: erasing somebody finds them pass by pass, without those that are blank already. With the
-- company, as it is asked: else all lines of the company would be read to compare.
create index audit_logs_actor_address on audit_logs (company_id, actor_id) where ip is not null;
create index audit_logs_resource_address on audit_logs (company_id, resource_id) where ip is not null;
