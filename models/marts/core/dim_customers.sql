with

customers as (

    select
        customer_id,
        age,
        gender,
        location,
        membership_level,
        registration_date,
        false as has_quarantined_attributes

    from {{ ref('stg_customers') }}

    union all

    -- Their attributes are not to be trusted; that they are customers is.
    select
        customer_id,
        cast(null as int) as age,
        'unknown' as gender,
        'unknown' as location,
        'unknown' as membership_level,
        cast(null as date) as registration_date,
        true as has_quarantined_attributes

    from {{ ref('stg_quarantined_customers') }}

),

first_activities as (

    select
        customer_id,
        first_activity_date

    from {{ ref('int_customer_lifetimes') }}

),

{{ customer_lifetimes_as_of_ctes() }},

customer_preferences as (

    select * from {{ ref('fct_customer_preferences') }}

),

ranked_preferences as (

    select
        customer_id,
        attribute,
        attribute_value,
        row_number() over (
            partition by customer_id, attribute
            order by
                purchase_line_count desc, net_revenue desc, attribute_value asc
        ) as preference_rank,
        count(*) over (partition by customer_id, attribute) as value_count

    from customer_preferences

    where
        attribute_value != 'unknown'
        and purchase_line_count > 0

),

favourite_categories as (

    select
        customer_id,
        attribute_value as favourite_category,
        value_count as distinct_category_count

    from ranked_preferences

    where
        attribute = 'product_category'
        and preference_rank = 1

),

favourite_payment_methods as (

    select
        customer_id,
        attribute_value as favourite_payment_method

    from ranked_preferences

    where
        attribute = 'payment_method'
        and preference_rank = 1

),

as_of as (

    select as_of_date from {{ ref('int_as_of_date') }}

),

population as (

    select
        customers.*,
        least(customers.registration_date, first_activities.first_activity_date)
            as known_since_date,
        if(
            first_activities.first_activity_date < as_of.as_of_date,
            first_activities.first_activity_date,
            null
        ) as first_line_date,
        as_of.as_of_date

    from customers

    cross join as_of

    left join first_activities
        on customers.customer_id = first_activities.customer_id

    where
        as_of.as_of_date is not null
        and coalesce(
            least(customers.registration_date, first_activities.first_activity_date)
            < as_of.as_of_date,
            true
        )

)

select
    population.customer_id,
    population.as_of_date,
    population.age,
    case
        when population.age < 18 then 'under 18'
        when population.age < 25 then '18 to 24'
        when population.age < 35 then '25 to 34'
        when population.age < 45 then '35 to 44'
        when population.age < 55 then '45 to 54'
        when population.age < 65 then '55 to 64'
        when population.age >= 65 then '65 and over'
        else 'unknown'
    end as age_band,
    population.gender,
    population.location,
    population.membership_level,
    coalesce(favourite_categories.favourite_category, 'unknown')
        as favourite_category,
    coalesce(favourite_payment_methods.favourite_payment_method, 'unknown')
        as favourite_payment_method,
    population.has_quarantined_attributes,
    population.registration_date,
    population.known_since_date,
    population.first_line_date,
    customer_lifetimes.first_purchase_date,
    customer_lifetimes.last_purchase_date,
    datediff(population.as_of_date, population.known_since_date) as tenure_days,
    datediff(population.as_of_date, customer_lifetimes.last_purchase_date)
        as recency_days,
    coalesce(customer_lifetimes.purchase_day_count, 0) as purchase_day_count,
    coalesce(customer_lifetimes.weekend_purchase_day_count, 0)
        as weekend_purchase_day_count,
    coalesce(customer_lifetimes.transaction_count, 0) as transaction_count,
    coalesce(customer_lifetimes.return_count, 0) as return_count,
    coalesce(customer_lifetimes.gross_revenue, 0) as gross_revenue,
    coalesce(customer_lifetimes.returned_revenue, 0) as returned_revenue,
    coalesce(customer_lifetimes.net_revenue, 0) as net_revenue,
    cast(
        customer_lifetimes.net_revenue
        / nullif(customer_lifetimes.purchase_day_count, 0)
        as decimal(18, 2)
    ) as average_basket,
    customer_lifetimes.mean_gap_days,
    customer_lifetimes.median_gap_days,
    cast(coalesce(favourite_categories.distinct_category_count, 0) as int)
        as distinct_category_count,
    coalesce(customer_lifetimes.night_line_count, 0) as night_line_count,
    coalesce(customer_lifetimes.morning_line_count, 0) as morning_line_count,
    coalesce(customer_lifetimes.afternoon_line_count, 0) as afternoon_line_count,
    coalesce(customer_lifetimes.evening_line_count, 0) as evening_line_count

from population

left join customer_lifetimes
    on population.customer_id = customer_lifetimes.customer_id

left join favourite_categories
    on population.customer_id = favourite_categories.customer_id

left join favourite_payment_methods
    on population.customer_id = favourite_payment_methods.customer_id
