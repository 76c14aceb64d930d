with

cells as (

    select
        'quintile' as method,
        segment

    from {{ ref('rfm_segments_quintile') }}

    union all

    select
        'fixed' as method,
        segment

    from {{ ref('rfm_segments_fixed') }}

    -- Who has not bought has no cell.
    union all

    select
        method,
        'Prospects' as segment

    from values ('quintile'), ('fixed') as methods (method)

    -- Where somebody comes from who was no customer at the month end before.
    union all

    select
        'neither' as method,
        'Not yet a customer' as segment

)

select
    segment,
    bool_or(method = 'quintile') as is_quintile_segment,
    bool_or(method = 'fixed') as is_fixed_segment

from cells

group by segment
