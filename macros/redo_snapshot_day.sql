{% macro redo_snapshot_day(as_of_date) %}
    {# dbt tells a version by key and date: a second change on the same date would close
       the first version and open none. So a build of the date that the newest versions
       stand on takes that date back first, in one commit. #}
    {% if execute and load_relation(this) is not none %}
        merge into {{ this }} as versions
        using (
            select max(dbt_valid_from) as newest_date from {{ this }}
            having max(dbt_valid_from) = {{ as_of_date }}
        ) as this_build
        on
            versions.dbt_valid_from = this_build.newest_date
            or versions.dbt_valid_to = this_build.newest_date
        when matched and versions.dbt_valid_from = this_build.newest_date then delete
        when matched then update set dbt_valid_to = null
    {% endif %}
{% endmacro %}
