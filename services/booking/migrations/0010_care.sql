-- Which client a clearance or a plan belongs to, as progress told: their routes name no client.

create table care_items (
    id uuid primary key,
    kind text not null check (kind in ('clearance', 'plan')),
    client_id uuid not null,
    told_at timestamptz not null
);
create index care_items_client on care_items (client_id);
