with

cells as (

    select
        'quintile' as method,
        segment

    from {{ source('seeds', 'rfm_segments_quintile') }}

    union all

    select
        'fixed' as method,
        segment

    from {{ source('seeds', 'rfm_segments_fixed') }}

    union all

    values
        ('quintile', 'Prospects'),
        ('fixed', 'Prospects'),
        ('neither', 'Not yet a customer')

)

select
    segment,
    bool_or(method = 'quintile') as is_quintile_segment,
    bool_or(method = 'fixed') as is_fixed_segment

from cells

group by segment
