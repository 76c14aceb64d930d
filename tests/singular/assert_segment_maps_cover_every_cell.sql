-- 5 x 5 x 5 cells: with the key unique and the scores within 1 to 5, 125 rows are all.
with

cell_counts as (

    select
        'quintile' as method,
        count(*) as cell_count

    from {{ ref('rfm_segments_quintile') }}

    union all

    select
        'fixed' as method,
        count(*) as cell_count

    from {{ ref('rfm_segments_fixed') }}

)

select * from cell_counts

where cell_count != 125
