-- What does each segment prefer, against all customers (100 is the average)?
with

ranked as (

    select
        *,
        row_number() over (
            partition by segment
            order by preference_index desc, product_category asc
        ) as preference_rank

    from marts.rpt_category_by_segment

    where customer_count >= 100

)

select
    segment,
    product_category,
    preference_index,
    customer_count

from ranked

where preference_rank = 1

order by preference_index desc
